# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""MPI for Python: ``from mpi4py import MPI``."""

__version__ = "4.1.2"
__author__ = "the Muster developers"
__credits__ = "MPI Forum, mpi4py"

__all__ = ["MPI"]


class Rc:
    """Options, to be set before ``mpi4py.MPI`` is imported.

    Attributes
    ----------
    initialize : bool
        Initialize MPI when ``mpi4py.MPI`` is imported (default: True).
    threads : bool
        Ask for thread support (default: True).
    thread_level : {"multiple", "serialized", "funneled", "single"}
        The level to ask for (default: "multiple").
    finalize : None or bool
        Finalize MPI at exit; None (the default) for the value of `initialize`.
    fast_reduce : bool
        Reductions of objects may use trees (default: True).
    recv_mprobe : bool
        Receiving objects may use matched probes (default: True).
    irecv_bufsz : int
        Size of the buffers of ``irecv()``, which need none here (default: 32768).
    errors : {"exception", "default", "abort", "fatal"}
        What happens when an MPI function fails (default: "exception").

    """

    initialize = True
    threads = True
    thread_level = "multiple"
    finalize = None
    fast_reduce = True
    recv_mprobe = True
    irecv_bufsz = 32768
    errors = "exception"

    def __init__(self, **kwargs):
        """Set options."""
        self(**kwargs)

    def __setattr__(self, name, value):
        """Set an option that exists."""
        if not hasattr(self, name):
            raise TypeError(f"object has no attribute {name!r}")
        super().__setattr__(name, value)

    def __call__(self, **kwargs):
        """Set options: all of them, or none when one does not exist."""
        for key in kwargs:
            if not hasattr(self, key):
                raise TypeError(f"unexpected argument {key!r}")
        for key, value in kwargs.items():
            setattr(self, key, value)

    def __repr__(self):
        """Return repr(self)."""
        return f"<{__spec__.name}.rc>"


rc = Rc()
__import__("sys").modules[__spec__.name + ".rc"] = rc


def get_include():
    """Return the folder of the package's header files."""
    return str(__import__("pathlib").Path(__spec__.origin).parent / "include")


def get_config():
    """Return what ``mpi.cfg`` in the package says of the MPI in use, if it is there."""
    parser = __import__("configparser").ConfigParser()
    parser.add_section("mpi")
    folder = __import__("pathlib").Path(__spec__.origin).parent
    parser.read(folder / "mpi.cfg", encoding="utf-8")
    return dict(parser.items("mpi"))


def profile(name, *, path=None):
    """Load a library that intercepts MPI functions, before ``mpi4py.MPI`` is imported.

    Parameters
    ----------
    name : str
       Name of the library: a file, or ``name`` for ``libname.so``.
    path : `sequence` of str, optional
       Folders to look into.

    """
    import os
    import pathlib
    import warnings

    try:
        from _ctypes import dlopen
        from os import RTLD_GLOBAL, RTLD_NOW
    except ImportError as error:
        warnings.warn(error.args[0], stacklevel=2)
        return
    if path is None:
        path = [""]
    elif isinstance(path, os.PathLike):
        path = [path]
    elif isinstance(path, (str, bytes)):
        path = os.fsdecode(path).split(os.pathsep)
    name = os.fsdecode(name)
    folders = [pathlib.Path(os.fsdecode(folder)) for folder in path]
    files = [folder / file for folder in folders for file in (name, f"lib{name}.so")]
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        raise ValueError(f"profiler {name!r} not found")
    try:
        handle = dlopen(str(found.resolve()), RTLD_NOW | RTLD_GLOBAL)
    except OSError as error:
        warnings.warn(error.args[0], stacklevel=2)
        return
    profile.__dict__.setdefault("registry", []).append((name, (handle, str(found.resolve()))))
