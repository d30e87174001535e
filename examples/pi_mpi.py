# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Compute pi over the ranks: each adds its part of the steps, Reduce adds the parts.

Run: mpiexec -n 4 python pi_mpi.py

More ranks than processor cores do not make it faster.
"""

import math
import sys

import numpy as np
from mpi4py import MPI
from numba import njit

STEPS = 100_000_000


@njit
def sum_steps(begin, end, steps):
    width = 1.0 / steps
    total = 0.0
    for i in range(begin, end):
        x = (i + 0.5) * width
        total += 4.0 / (1.0 + x * x)
    return total


comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()

sum_steps(0, 1, 1)  # compile, before the time is taken
comm.Barrier()  # all ranks start together
start = MPI.Wtime()

begin = STEPS * rank // size
end = STEPS * (rank + 1) // size
part = np.array(sum_steps(begin, end, STEPS))
total = np.zeros_like(part)
comm.Reduce(part, total, op=MPI.SUM, root=0)
seconds = MPI.Wtime() - start

if rank == 0:
    result = float(total) / STEPS
    print(f"pi = {result:.15f} with {STEPS:,} steps on {size} ranks in {seconds:.3f} s")
    if abs(result - math.pi) > 1e-9:
        sys.exit(f"wrong: pi is {math.pi:.15f}")
    print(f"checked: pi to 1e-9, {STEPS:,} steps")
    print(f"timed: {seconds:.3f} s")
