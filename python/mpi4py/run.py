# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Run a Python program that ends all ranks when it fails: ``python -m mpi4py.run program.py``.

An exception that nobody catches, or ``sys.exit`` with a status other than 0, ends the whole job
by ``MPI.COMM_WORLD.Abort()`` when the program is over.
"""

USAGE = """\
usage: {python} -m {module} [options] <pyfile> [arg] ...
   or: {python} -m {module} [options] -m <mod> [arg] ...
   or: {python} -m {module} [options] -c <cmd> [arg] ...
   or: {python} -m {module} [options] - [arg] ..."""

OPTIONS = """\
options:
  --prefix             show install path and exit
  --version            show version number and exit
  --mpi-library        show MPI library path and exit
  --mpi-std-version    show MPI standard version and exit
  --mpi-lib-version    show MPI library version and exit
  -h|--help            show this help message and exit
  -rc <key=value,...>  set 'mpi4py.rc.key=value'"""


def run_command_line(args=None):
    """Run ``[pyfile | -m mod | -c cmd | -] [arg] ...`` as Python itself would.

    Parameters
    ----------
    args : list of str, optional
        The command line; that of this program by default.

    """
    import os
    import runpy
    import sys

    sys.argv[:] = sys.argv[1:] if args is None else args
    first = sys.argv[0]
    if first in ("-", "-c"):
        source = sys.stdin.read() if first == "-" else sys.argv.pop(1)
        name = "<stdin>" if first == "-" else "<string>"
        code = compile(source, name, "exec", 0, True)
        runpy._run_module_code(code, None, "__main__", script_name=first)
    elif first == "-m":
        del sys.argv[0]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        if not sys.flags.isolated:
            sys.path[0] = os.path.realpath(os.path.dirname(first))
        runpy.run_path(first, run_name="__main__")


def set_abort_status(status):
    """Make the end of this process end the job, with this status unless it stands for success.

    Parameters
    ----------
    status : int, None, SystemExit or KeyboardInterrupt
        What the program ended with. Anything else counts as 1.

    """
    import sys

    if isinstance(status, SystemExit):
        status = status.code
    elif isinstance(status, KeyboardInterrupt):
        from _signal import SIGINT

        status = 128 + SIGINT
    if status is None:
        status = 0
    elif not isinstance(status, int):
        status = 1
    module = sys.modules.get(f"{__spec__.parent}.MPI")
    if module is not None and status != 0:
        module._set_abort_status(status)


def _usage(problem=None):
    import pathlib
    import sys

    python, module = pathlib.Path(sys.executable).name, __spec__.name
    usage = USAGE.format(python=python, module=module)
    if problem is None:
        print(usage, OPTIONS, sep="\n")
        sys.exit(0)
    hint = f"Try `{python} -m {module} -h` for more information."
    print(problem, usage, hint, sep="\n", file=sys.stderr)
    sys.exit(1)


def _module_without_init():
    from . import rc

    rc.initialize = rc.finalize = False
    from . import MPI

    return MPI


def _prefix():
    import pathlib

    return str(pathlib.Path(__spec__.origin).parent)


def _version():
    from . import __version__

    return f"{__spec__.parent} {__version__}"


def _library():
    """Return the file that MPI_Init comes from."""
    import ctypes
    import os

    class Info(ctypes.Structure):
        _fields_ = [
            ("file", ctypes.c_char_p),
            ("base", ctypes.c_void_p),
            ("symbol", ctypes.c_char_p),
            ("address", ctypes.c_void_p),
        ]

    module = ctypes.CDLL(_module_without_init().__file__)
    dladdr = ctypes.CDLL(None).dladdr
    dladdr.argtypes = [ctypes.c_void_p, ctypes.POINTER(Info)]
    info = Info()
    found = dladdr(ctypes.cast(module.MPI_Init, ctypes.c_void_p), info)
    return os.fsdecode(info.file) if found else None


def _standard():
    module = _module_without_init()
    built = f"{module.VERSION}.{module.SUBVERSION}"
    running = ".".join(map(str, module.Get_version()))
    return f"MPI {built}" + (f" (runtime: MPI {running})" if running != built else "")


def _library_version():
    return _module_without_init().Get_library_version()


ANSWERS = {
    "-prefix": _prefix,
    "-version": _version,
    "-mpi-library": _library,
    "-mpi-std-version": _standard,
    "-mpi-lib-version": _library_version,
}


def _parse_rc(text):
    from ast import literal_eval

    settings = {}
    for entry in text.split(","):
        key, _, value = entry.partition("=")
        if not key or not value:
            _usage(f"Cannot parse rc option: {entry}")
        try:
            settings[key] = literal_eval(value)
        except ValueError:
            settings[key] = value
    return settings


def _parse(args):
    """Take our own options from the command line: the settings of rc, and the rest."""
    import sys

    settings = {}
    while args and args[0].startswith("-") and args[0] not in ("-m", "-c", "-"):
        option, equals, value = args.pop(0).partition("=")
        name = option[1:] if option.startswith("--") else option
        if name in ("-h", "-help"):
            _usage()
        elif name in ANSWERS and not equals:
            print(ANSWERS[name]())
            sys.exit(0)
        elif name == "-rc":
            if not equals and (not args or args[0].startswith("-")):
                _usage(f"Argument expected for option: {option}")
            settings.update(_parse_rc(value if equals else args.pop(0)))
        else:
            _usage(f"Unknown option: {option}")
    if not args:
        _usage("No path specified for execution")
    if args[0] in ("-m", "-c") and len(args) < 2:
        _usage(f"Argument expected for option: {args[0]}")
    return settings, args


def main():
    """Run what the command line says; the job ends when it fails."""
    import sys

    settings, args = _parse(sys.argv[1:])
    if settings:
        from . import rc

        rc(**settings)
    try:
        run_command_line(args)
    except (SystemExit, KeyboardInterrupt) as end:
        set_abort_status(end)
        raise
    except BaseException:
        set_abort_status(1)
        raise


if __name__ == "__main__":
    main()
