# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""A message for each rank goes once around a ring.

Run: mpiexec -n 4 python ring.py

In each step every rank gives what it holds to the rank on its right and takes what
the rank on its left gives. After as many steps as there are ranks, each message is
back where it started. sendrecv does both at once, so nobody waits for anybody.
"""

import sys

from mpi4py import MPI

comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()

right = (rank + 1) % size
left = (rank - 1) % size

message = {"from": rank, "seen by": []}
for _ in range(size):
    message = comm.sendrecv(message, dest=right, source=left)
    message["seen by"].append(rank)
print(f"Rank {rank}: my message was seen by ranks {message['seen by']}")

expected = [(rank + step) % size for step in range(1, size + 1)]
if message != {"from": rank, "seen by": expected}:
    sys.exit(f"wrong: rank {rank} expected its own message, seen by {expected}, got {message}")

comm.Barrier()  # wait until every rank has checked its message
if rank == 0:
    print("checked: each message passed every rank, in order, and came back")
