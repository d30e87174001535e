# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Programs of their own, started by one rank."""

import functools
import os
import subprocess
import sys

from mpi4py import MPI

LAUNCHERS = ("PMI", "PMIX", "HYD", "MPI_LOCAL", "MUSTER_JOB")


def run_alone(*args):
    """Run this Python with these arguments, not as a rank of this job."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(LAUNCHERS)}
    return subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, timeout=60, env=env
    )


def on_rank_0(test):
    """Mark a test that starts programs: one rank does."""

    @functools.wraps(test)
    def maybe(*args, **kwargs):
        if MPI.COMM_WORLD.rank == 0:
            test(*args, **kwargs)

    return maybe
