# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""What the library exports: functions of mpi.h, each as MPI_ and as PMPI_, and nothing else.

exports-to-come.txt has the functions of the header that the library does not have yet. It may only
become shorter: every function is either exported or in it, never both.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import PREFIX, ROOT

sys.path.insert(0, str(ROOT / "tools"))
from abi_functions import functions  # noqa: E402

TO_COME = ROOT / "tests" / "exports-to-come.txt"
# Removed from the standard in MPI 3.0; MPICH keeps them for old programs.
REMOVED = {
    "MPI_Address", "MPI_Errhandler_create", "MPI_Errhandler_get", "MPI_Errhandler_set",
    "MPI_Type_extent", "MPI_Type_hindexed", "MPI_Type_hvector", "MPI_Type_lb", "MPI_Type_struct",
    "MPI_Type_ub",
}
# Forgotten by the lists of MPI 5.0 that MPICH was made from, and added by its errata.
ERRATA = {"MPI_Psend_init_c", "MPI_Precv_init_c"}


def exported(library=None):
    library = library or PREFIX / "lib" / "libmpi_abi.so.1"
    text = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True,
                          check=True, timeout=60).stdout
    return {line.split()[-1] for line in text.splitlines()}


def both(names):
    """The names as MPI_ and as PMPI_."""
    return {prefix + name for name in names for prefix in ("", "P")}


def to_come():
    lines = TO_COME.read_text().splitlines() if TO_COME.exists() else []
    return [line for line in lines if line and not line.startswith("#")]


def test_only_declared_functions():
    assert exported() - set(functions()) == set()


def test_both_spellings():
    names = exported()
    assert {"MPI_Send", "PMPI_Send_c"} <= names
    assert {n for n in names if n.startswith("MPI_")} == {n[1:] for n in names if n[0] == "P"}


def test_header_declares_both_spellings():
    names = functions()
    assert len(names) == len(set(names)) == 2 * 664
    assert both(n for n in names if n[0] == "M") == set(names)


def test_all_declared_functions_but_those_to_come():
    missing = set(functions()) - exported() - both(to_come())
    assert missing == set(), f"declared, and neither exported nor in {TO_COME.name}"


def test_list_of_those_to_come_shrinks():
    names = to_come()
    assert sorted(set(names)) == sorted(names), "named twice"
    assert set(names) - set(functions()) == set(), "no functions of the header"
    there = both(names) & exported()
    assert there == set(), f"exported now: remove them from {TO_COME.name}"


def test_same_functions_as_mpich():
    """Another library of the same ABI has the same functions."""
    if "MUSTER_MPICH" not in os.environ:
        pytest.fail("MUSTER_MPICH does not name an environment with the mpich package")
    names = exported(Path(os.environ["MUSTER_MPICH"]) / "lib" / "libmpi_abi.so.1")
    theirs = {name for name in names if re.match("P?MPI_", name)}  # not what it keeps for itself
    assert theirs - REMOVED == set(functions()) - both(ERRATA)
    assert exported() | both(to_come()) == theirs - REMOVED | both(ERRATA)
