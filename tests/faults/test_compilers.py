# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""mpicc and mpicxx."""

import os
import shlex
import shutil
import subprocess

import pytest
from support import PREFIX, run

C = """
#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    int size;
    MPI_Init(&argc, &argv);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    printf("%d\\n", size);
    MPI_Finalize();
    return 0;
}
"""
CXX = C.replace("#include <stdio.h>", "#include <cstdio>").replace("printf", "std::printf")


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "hello.c").write_text(C)
    (tmp_path / "hello.cc").write_text(CXX)
    return tmp_path


def output(*words, cwd=None, env=None):
    return run(words, cwd=cwd, env=env).stdout


def runs(program, mpiexec):
    return output(mpiexec, "-n", 2, program) == "2\n2\n"


def test_compile_and_link(sources, mpicc, mpiexec):
    run([mpicc, "hello.c"], cwd=sources)
    assert runs(sources / "a.out", mpiexec)


def test_in_two_steps(sources, mpicc, mpiexec):
    assert output(mpicc, "-Wall", "-Werror", "-c", "hello.c", cwd=sources) == ""
    run([mpicc, "hello.o", "-o", "hello"], cwd=sources)
    assert runs(sources / "hello", mpiexec)


def test_cxx(sources, mpiexec):
    """Where there is no C++ compiler, mpicxx has nothing to call and says so."""
    line = [PREFIX / "bin" / "mpicxx", "hello.cc", "-o", "hello"]
    if any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        run(line, cwd=sources)
        assert runs(sources / "hello", mpiexec)
    else:
        done = run(line, cwd=sources, check=False)
        assert (done.returncode, done.stdout[:26]) == (127, "mpicxx: there is no compil")


def only(folder, **commands):
    """An environment whose PATH holds nothing but what the scripts call, and these commands."""
    tools = folder / "tools"
    tools.mkdir()
    for name in ("sh", "basename", "dirname", "readlink", "sed", "cat"):
        (tools / name).symlink_to(shutil.which(name))
    for name, text in commands.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    return dict(os.environ, PATH=str(tools))


def test_no_compiler(sources, mpicc):
    environment = only(sources)
    for name, variable in (("mpicc", "MUSTER_CC"), ("mpicxx", "MUSTER_CXX")):
        done = run([mpicc.with_name(name), "hello.c"], check=False, cwd=sources, env=environment)
        assert done.returncode == 127
        assert done.stdout.startswith(f"{name}: there is no compiler 'c")
        assert done.stdout.endswith(f"install one, or name it in {variable}\n")


def test_a_compiler_by_another_name(sources, mpicc):
    environment = only(sources, clang="echo clang is called")
    assert output(mpicc, "hello.c", cwd=sources, env=environment) == "clang is called\n"


def test_without_any_variable(sources, mpicc, mpiexec):
    run([mpicc, "hello.c"], cwd=sources, env={})
    assert output(mpiexec, "-n", 2, "./a.out", cwd=sources, env={}) == "2\n2\n"


def test_folders_that_cd_would_search(mpicc, tmp_path):
    """CDPATH is for those who type."""
    (tmp_path / "bin").mkdir()
    environment = dict(os.environ, CDPATH=str(tmp_path))
    shown = output("bin/mpicc", "-showme:incdirs", cwd=PREFIX, env=environment)
    assert shown == f"{PREFIX / 'include'}\n"


def test_names_with_spaces(sources, mpicc, mpiexec):
    shutil.copy(sources / "hello.c", sources / "he llo.c")
    run([mpicc, "-DX='a b'", "he llo.c", "-o", "he llo"], cwd=sources)
    assert runs(sources / "he llo", mpiexec)


def test_another_compiler(sources, mpicc):
    assert output(mpicc, "-show", "x.c", env=dict(os.environ, MUSTER_CC="gcc -m64")).startswith(
        "gcc -m64 -I"
    )


@pytest.mark.parametrize("place", ["moved here", "here, or there", "it's $HOME"])
def test_through_links_and_after_a_move(sources, mpiexec, place):
    """The scripts find what stands beside them."""
    moved = sources / place
    for folder in ("bin", "include", "lib"):
        (moved / folder).mkdir(parents=True)
    for name in ("bin/mpicc", "bin/mpiexec", "include/mpi.h", "lib/libmpi_abi.so.1"):
        shutil.copy(PREFIX / name, moved / name)
    (sources / "first").symlink_to(f"{place}/bin/mpicc")
    (sources / "second").symlink_to(sources / "first")
    shown = output(sources / "second", "-showme:incdirs")
    assert shlex.split(shown) == [f"{moved}/include"]
    run([sources / "second", "hello.c", "-o", "hello"], cwd=sources)
    assert runs(sources / "hello", moved / "bin" / "mpiexec")


def test_what_is_shown(mpicc):
    include, lib = PREFIX / "include", PREFIX / "lib"
    link = f"{lib}/libmpi_abi.so.1 -Wl,-rpath,{lib}"
    assert output(mpicc, "-show", "-O2", "a.c") == f"cc -I{include} -O2 a.c {link}\n"
    assert output(mpicc, "-showme", "-c", "a b.c") == f"cc -I{include} -c 'a b.c'\n"
    assert output(mpicc, "-showme:compile") == f"-I{include}\n"
    assert output(mpicc, "--showme:link") == f"{link}\n"
    assert output(mpicc, "-showme:incdirs") == f"{include}\n"
    assert output(mpicc, "-showme:libdirs") == f"{lib}\n"
    assert output(mpicc, "-showme:libs") == "mpi_abi\n"
    assert output(mpicc, "-compile-info") == f"cc -I{include} -c\n"
    assert output(mpicc, "-link-info") == f"cc {link}\n"
    assert output(mpicc, "-showme:version").startswith("mpiexec (Muster) ")
    assert "usage: mpicc" in output(mpicc, "-showme:help")
    assert output(PREFIX / "bin" / "mpicxx", "-showme:command") == "c++\n"


def test_what_is_not_linked(sources, mpicc):
    for words in (["-E", "hello.c"], ["-S", "hello.c", "-o", "-"], ["-M", "hello.c"],
                  ["-fsyntax-only", "hello.c"], ["--version"], ["-v"], ["-print-search-dirs"]):
        assert "ld returned" not in output(mpicc, *words, cwd=sources)


def test_mistakes(mpicc):
    done = subprocess.run([mpicc], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert "usage: mpicc" in done.stderr
    done = subprocess.run([mpicc, "-showme:nothing"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "mpicc: -showme:nothing is not known (-showme:help lists all)\n"
    done = subprocess.run([mpicc, "no-such-file.c"], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0


def test_cmake_and_others_can_ask_before_there_is_a_file(mpicc):
    assert output(mpicc, "-show").startswith("cc -I")
