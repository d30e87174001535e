# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Which line of one rank takes the time? kernprof of line_profiler says.

Run kernprof on rank 0 and plain Python on the other three:

    mpiexec -n 1 kernprof -lv profile_rank.py : -n 3 python profile_rank.py

The colon separates two programs of one job. When rank 0 ends, kernprof prints for each
line of the function below @profile how often it ran and for how long, and writes the
same to profile_rank.py.lprof (-o NAME: to another file).
"""

import math
import sys

from line_profiler import profile
from mpi4py import MPI

STEPS = 200_000


@profile
def sum_steps(begin, end):
    width = 1.0 / STEPS
    total = 0.0
    for i in range(begin, end):
        x = (i + 0.5) * width
        total += 4.0 / (1.0 + x * x)
    return total


comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()

part = sum_steps(STEPS * rank // size, STEPS * (rank + 1) // size)
total = comm.reduce(part, op=MPI.SUM, root=0)
if rank == 0:
    result = total / STEPS
    print(f"pi = {result:.12f} with {STEPS:,} steps on {size} ranks")
    if abs(result - math.pi) > 1e-9:
        sys.exit(f"wrong: pi is {math.pi:.12f}")
    print("checked: pi to 1e-9")
