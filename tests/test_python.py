# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The tests of the Python package, tests/python, as jobs of several ranks."""

import sys

import pytest
from support import RANKS, ROOT, run

FILES = sorted(path.name for path in (ROOT / "tests" / "python").glob("test_*.py"))

# What does not depend on the number of ranks runs with one of them.
NUMBERS = {"test_module.py": [1], "test_leaks.py": [1], "test_huge.py": [2]}


@pytest.mark.parametrize(
    ("name", "ranks"), [(name, ranks) for name in FILES for ranks in NUMBERS.get(name, RANKS)]
)
def test_file(name, ranks, mpiexec):
    run(
        [
            mpiexec,
            "-n",
            ranks,
            "--timeout",
            250,
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            ROOT / "tests" / "python" / name,
        ],
        timeout=300,
        cwd=ROOT / "tests" / "python",
    )
