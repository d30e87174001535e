# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Deal out a list, one element to each rank, and collect the answers.

Run: mpiexec -n 4 python scatter_gather.py

scatter wants a list of exactly as many elements as there are ranks. To give each rank
two numbers, make each element a list of two.
"""

import sys

from mpi4py import MPI

comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()

# One number for each rank.
numbers = list(range(size)) if rank == 0 else None
x = comm.scatter(numbers, root=0)
print(f"Rank {rank} received the number {x}")
if x != rank:
    sys.exit(f"wrong: rank {rank} received {x}")

collected = comm.gather(x * 10, root=0)  # a list on rank 0, None on the others
if rank == 0:
    print(f"Rank 0 collected {collected}")
    if collected != [10 * i for i in range(size)]:
        sys.exit(f"wrong: rank 0 collected {collected}")
elif collected is not None:
    sys.exit(f"wrong: rank {rank} collected {collected}, only rank 0 should")

# Two numbers for each rank: [[0, 1], [2, 3], ...]
pairs = [[2 * i, 2 * i + 1] for i in range(size)] if rank == 0 else None
pair = comm.scatter(pairs, root=0)
sums = comm.gather(sum(pair), root=0)
if rank == 0:
    print(f"Rank 0 collected the sums of pairs {sums}")
    if sums != [4 * i + 1 for i in range(size)]:
        sys.exit(f"wrong: rank 0 collected the sums {sums}")
    print("checked: one number for each rank, and two for each rank")
