# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Random traffic for some seconds.

By hand, for longer: mpiexec -n 4 build/tests/traffic SECONDS SEED THREADS
"""

import random

import pytest
from support import ROOT, run


@pytest.fixture(scope="session")
def traffic(mpicc, build):
    program = build / "traffic"
    run([mpicc, "-std=gnu11", "-O2", "-g", ROOT / "tests" / "stress" / "traffic.c", "-o", program,
         "-lpthread"])
    return program


@pytest.mark.parametrize(("ranks", "threads"), [(2, 1), (4, 1), (8, 1), (2, 4), (4, 2)])
def test_traffic(ranks, threads, traffic, mpiexec):
    seed = random.randrange(1 << 32)  # a failure prints it
    run([mpiexec, "-n", ranks, "--timeout", 90, traffic, 5, seed, threads])
