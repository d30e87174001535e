# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The profiling interface (MPI 5.0, 15.2): who defines MPI_ functions that call the PMPI_ ones sees
every call of the program once, and none of the library's own."""

import os
import re
import sys
from collections import Counter

import pytest
from support import PREFIX, ROOT, run

sys.path.insert(0, str(ROOT / "tests" / "arguments"))
import header  # noqa: E402

FOLDER = ROOT / "tests" / "interpose"

# What interpose/program.c calls in each rank.
CALLS = {
    "MPI_Init": 1, "MPI_Finalize": 1, "MPI_Comm_rank": 1, "MPI_Comm_size": 1, "MPI_Comm_dup": 1,
    "MPI_Comm_split": 1, "MPI_Comm_group": 1, "MPI_Comm_create_group": 1, "MPI_Comm_free": 3,
    "MPI_Group_incl": 1, "MPI_Group_free": 2, "MPI_Sendrecv": 5, "MPI_Isend": 1, "MPI_Isend_c": 1,
    "MPI_Irecv": 1, "MPI_Recv": 1, "MPI_Recv_c": 1, "MPI_Send": 1, "MPI_Wait": 1,
    "MPI_Waitall": 1, "MPI_Allreduce": 1, "MPI_Allreduce_c": 3, "MPI_Alltoall": 1, "MPI_Bcast": 1,
    "MPI_Barrier": 2,
}

PYTHON = """
from mpi4py import MPI
comm = MPI.COMM_WORLD
right, left = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
for i in range(7):
    comm.Sendrecv(bytearray(8), right, 0, bytearray(8), left, 0)
    comm.Barrier()
for i in range(3):
    request = comm.Irecv(bytearray(8), left)
    comm.Send(bytearray(8), right)
    request.Wait()
for i in range(2):
    comm.Allreduce(MPI.IN_PLACE, [bytearray(8), MPI.INT64_T])
"""


def exported():
    lines = run(["nm", "-D", "--defined-only", PREFIX / "lib" / "libmpi_abi.so.1"]).stdout
    return set(lines.split())


def wrapper():
    """The C text of the wrappers."""
    text = (ROOT / "include" / "mpi.h").read_text()
    # One with "..." cannot hand its arguments on.
    found = [f for f in header.functions(text, exported()) if f.name != "MPI_Pcontrol"]
    lines = ['#include "counts.h"']
    for i, f in enumerate(found):
        declared = re.search(rf"^{f.result} {f.name}\(([^;]*)\);", text, re.MULTILINE).group(1)
        names = ", ".join(p.name for p in f.parameters)
        lines += [f"{f.result} {f.name}({declared})", "{", f"    counts[{i}]++;",
                  f"    return P{f.name}({names});", "}"]
    listed = ", ".join(f'"{f.name}"' for f in found)
    return "\n".join([*lines, f"static const char *const names[] = {{{listed}, 0}};"]) + "\n"


@pytest.fixture(scope="module")
def built(mpicc, build):
    """The folder with `preload.so`, `program`, and `whole`, the program with the wrappers in it."""
    folder = build / "interpose"
    folder.mkdir(exist_ok=True)
    source, program = folder / "wrapper.c", FOLDER / "program.c"
    source.write_text(wrapper())
    flags = ["-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-I", FOLDER]
    run([mpicc, *flags, "-fPIC", "-shared", source, "-o", folder / "preload.so"])
    run([mpicc, *flags, program, "-o", folder / "program"])
    run([mpicc, *flags, program, source, "-o", folder / "whole"])
    return folder


def counts(tmp_path, command, **environment):
    """What each of the processes has counted."""
    where = tmp_path / "counts"
    run(command, env=dict(os.environ, INTERPOSE_COUNTS=str(where), **environment))
    found = [dict(line.split() for line in path.read_text().splitlines())
             for path in tmp_path.glob("counts.*")]
    return [Counter({name: int(n) for name, n in one.items()}) for one in found if one]


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_preloaded_library(ranks, built, tmp_path, mpiexec):
    command = [mpiexec, "-n", ranks, "--timeout", 100, "-env", "LD_PRELOAD",
               built / "preload.so", built / "program"]
    found = counts(tmp_path, command)
    assert [dict(one) for one in found] == [CALLS] * ranks


@pytest.mark.parametrize("ranks", [1, 3])
def test_wrappers_in_the_program(ranks, built, tmp_path, mpiexec):
    found = counts(tmp_path, [mpiexec, "-n", ranks, "--timeout", 100, built / "whole"])
    assert [dict(one) for one in found] == [CALLS] * ranks


@pytest.mark.parametrize("ranks", [1, 3])
def test_python_extension(ranks, built, tmp_path, mpiexec):
    command = [mpiexec, "-n", ranks, "--timeout", 100, "-env", "LD_PRELOAD",
               built / "preload.so", sys.executable, "-c", PYTHON]
    found = counts(tmp_path, command)
    assert len(found) == ranks
    for one in found:
        both = Counter()
        for name, n in one.items():
            both[name.removesuffix("_c")] += n
        want = {"MPI_Sendrecv": 7, "MPI_Barrier": 7, "MPI_Irecv": 3, "MPI_Send": 3, "MPI_Wait": 3,
                "MPI_Allreduce": 2, "MPI_Init_thread": 1, "MPI_Finalize": 1}
        assert {name: both[name] for name in want} == want


def test_library_calls_no_public_name():
    """Nothing in it is bound at run time to a name that a program may define."""
    text = run(["readelf", "-rW", PREFIX / "lib" / "libmpi_abi.so.1"]).stdout
    assert re.findall(r"\bP?MPI_\w+", text) == []
