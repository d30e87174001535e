# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The tests of the Python package, tests/python, as jobs of several ranks."""

import sys

import pytest
from support import RANKS, ROOT, run

FILES = sorted(path.name for path in (ROOT / "tests" / "python").glob("test_*.py"))
# Its programs are started by rank 0, each as a job of its own: the same at any number of ranks.
ALONE = "test_module.py"
CASES = [(name, n) for name in FILES for n in (RANKS if name != ALONE else [1, 4])]


@pytest.mark.parametrize(("name", "ranks"), CASES)
def test_file(name, ranks, mpiexec):
    run(
        [mpiexec, "-n", ranks, "--timeout", 250, sys.executable, "-m", "pytest", "-q", "-x",
         "-p", "no:cacheprovider", ROOT / "tests" / "python" / name],
        timeout=300,
        cwd=ROOT / "tests" / "python",
    )
