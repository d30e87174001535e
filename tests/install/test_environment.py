# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""What `pip install .` puts into an environment, and that it works from there."""

import json
import os
import shutil
from pathlib import Path

import pytest
from environments import check
from support import run

DESCRIBE = """
import importlib.metadata, json
d = importlib.metadata.distribution("muster-mpi")
import mpi4py, muster
print(json.dumps([d.version, d.metadata["Name"], d.metadata["License-Expression"],
                  mpi4py.__file__, muster.__file__, [str(f.locate().resolve()) for f in d.files]]))
"""


def test_what_is_installed(environment):
    done = run([environment.bin / "python", "-c", DESCRIBE])
    version, name, license, mpi4py, muster, files = json.loads(done.stdout)
    assert (version, name, license) == ("0.1.0", "muster-mpi", "BSD-3-Clause")
    assert mpi4py == str(environment.packages / "mpi4py" / "__init__.py")
    assert muster == str(environment.packages / "muster" / "__init__.py")
    for name in ("bin/mpiexec", "bin/mpirun", "bin/mpicc", "bin/mpicxx", "lib/libmpi_abi.so.1",
                 "lib/libmpi_abi.so", "include/mpi.h"):
        path = environment.folder / name
        assert path.is_file() and str(path) in files
        assert os.access(path, os.X_OK) or not name.startswith("bin/")


def test_after_a_move(environment, tmp_path):
    """Also without any variable, and by names of all kinds."""
    folder = environment.folder
    links = tmp_path / "links"
    links.mkdir()
    (links / "mpiexec").symlink_to(os.path.relpath(environment.bin / "mpiexec", links))
    for words, output in environment.jobs():
        check(words, output, env={})
        check(["bin/mpiexec", *words[1:]], output, env={}, cwd=folder)
        check(["./mpiexec", *words[1:]], output, env={}, cwd=environment.bin)
        check(["mpiexec", *words[1:]], output, env={"PATH": str(links)}, cwd="/")
    check(["mpiexec", "-n", 2, "python", "-c", "import mpi4py.MPI"], "",
          env={"PATH": str(environment.bin)})
    check([folder.parent / "large"], "1 ranks, 0 bytes wrong\n", env={})


@pytest.mark.parametrize("lib", ["lib", "lib64"])
def test_other_layouts(environment, tmp_path, lib):
    """Without a virtual environment: a prefix, the packages in lib or in lib64 beside it."""
    packages = tmp_path / lib / environment.packages.parent.name / "site-packages"
    shutil.copytree(environment.packages, packages)
    (tmp_path / "lib").mkdir(exist_ok=True)
    shutil.copy(environment.folder / "lib" / "libmpi_abi.so.1", tmp_path / "lib")
    script = "import mpi4py.MPI; print(mpi4py.MPI.__file__)"
    python = (environment.bin / "python").resolve()
    check([python, "-c", script], f"{packages}/mpi4py/MPI.abi3.so\n",
          env={"PYTHONPATH": str(packages)})


def test_linking_by_name(environment, tmp_path):
    """lib/libmpi_abi.so is what -lmpi_abi means to a compiler that is not mpicc."""
    (tmp_path / "a.c").write_text("#include <mpi.h>\nint main(void) { return MPI_Init(0, 0); }\n")
    folder = environment.folder
    run(["cc", f"-I{folder}/include", "a.c", f"-L{folder}/lib", "-lmpi_abi"], cwd=tmp_path)
    check(["./a.out"], "", cwd=tmp_path, env={"LD_LIBRARY_PATH": f"{folder}/lib"})


def listing(*folders):
    return {
        path: path.lstat().st_mtime_ns
        for folder in folders
        for path in [Path(folder), *Path(folder).rglob("*")]
    }


def test_nothing_is_written(environment, tmp_path):
    """By jobs that may write: not beside the package, at home, where they run, or in temporary
    folders."""
    for name in ("home", "tmp", "cwd"):
        (tmp_path / name).mkdir()
    variables = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}
    seen = [environment.folder.parent, tmp_path]
    jobs = list(environment.jobs())
    before = listing(*seen)
    for words, output in jobs:
        check(words, output, env=variables, cwd=tmp_path / "cwd")
    assert listing(*seen) == before
