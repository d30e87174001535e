# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Run one function for 15 sets of parameters, shared out over the ranks.

Run: mpiexec -n 4 python parameter_sweep.py

15 rows do not divide evenly by 4 ranks, so some ranks get one row more than others. Rank 0
collects the results of all ranks with Send and Recv, and puts them in the first order.
"""

import sys
import time

import numpy as np
from mpi4py import MPI

ROWS = 15
RESULTS = 14  # the tag of the messages that carry results


def my_function(first, second, third):
    """Stand for a long computation: wait a little, then return one number."""
    time.sleep(0.02)
    return first**2 * second + third


def share(rank, size):
    """Return the first row of a rank and the row after its last one."""
    return ROWS * rank // size, ROWS * (rank + 1) // size


comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()

# Every rank makes the same table, because the generator starts from the same seed.
params = np.random.default_rng(seed=1).random((ROWS, 3)) * 100.0

start, stop = share(rank, size)
local = np.empty((stop - start, 4))  # three parameters and the result
for row, (first, second, third) in zip(local, params[start:stop], strict=True):
    row[:] = first, second, third, my_function(first, second, third)

if rank != 0:
    comm.Send(local, dest=0, tag=RESULTS)
else:
    results = [local]
    for source in range(1, size):
        start, stop = share(source, size)
        remote = np.empty((stop - start, 4))
        comm.Recv(remote, source=source, tag=RESULTS)
        results.append(remote)
    table = np.vstack(results)
    print(np.array2string(table, precision=2, suppress_small=True))

    expected = params[:, 0] ** 2 * params[:, 1] + params[:, 2]
    if not np.array_equal(table[:, :3], params) or not np.allclose(table[:, 3], expected):
        sys.exit("wrong: the collected table is not what one rank computes alone")
    print(f"checked: all {ROWS} rows, in order")
