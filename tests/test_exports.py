# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""What the library exports: functions of mpi.h, each as MPI_ and as PMPI_, and nothing else."""

import re
import subprocess

from support import PREFIX, ROOT


def exported():
    lib = PREFIX / "lib" / "libmpi_abi.so.1"
    text = subprocess.run(["nm", "-D", "--defined-only", lib], capture_output=True, text=True,
                          check=True, timeout=60).stdout
    return {line.split()[-1] for line in text.splitlines()}


def declared():
    text = (ROOT / "include" / "mpi.h").read_text()
    return set(re.findall(r"\b(P?MPI_\w+)\(", text))


def test_only_declared_functions():
    assert exported() - declared() == set()


def test_both_spellings():
    names = exported()
    assert {"MPI_Send", "PMPI_Send_c"} <= names
    assert {n for n in names if n.startswith("MPI_")} == {n[1:] for n in names if n[0] == "P"}
