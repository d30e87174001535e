# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""One rank has something, every rank gets it.

Run: mpiexec -n 4 python broadcast.py

bcast sends any Python object, Bcast fills an array that each rank has made ready.
"""

import sys

import numpy as np
from mpi4py import MPI

comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()

# A Python object. Ranks other than the root have nothing to give.
if rank == 0:
    message = comm.bcast("Hello from rank 0", root=0)
else:
    message = comm.bcast(root=0)  # upstream's mpi4py wants comm.bcast(None, root=0)
print(f"Rank {rank} received: {message}")
if message != "Hello from rank 0":
    sys.exit(f"wrong: rank {rank} received {message!r}")

# An array of one million numbers, this time from the last rank.
last = size - 1
if rank == last:
    numbers = np.arange(1_000_000, dtype="float64")
else:
    numbers = np.empty(1_000_000, dtype="float64")
comm.Bcast(numbers, root=last)
if not np.array_equal(numbers, np.arange(1_000_000)):
    sys.exit(f"wrong: rank {rank} received other numbers than rank {last} sent")

comm.Barrier()  # wait until every rank has checked what it got
if rank == 0:
    print("checked: a text from rank 0 and 8 MB of numbers from the last rank")
