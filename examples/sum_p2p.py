# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Add one number of each rank: each sends its number to rank 0 (point to point).

Run: mpiexec -n 4 python sum_p2p.py

Rank 0 receives from one rank after the other. sum_reduce.py does the same with one call.
"""

import sys

from mpi4py import MPI

TIMES = 2000  # once is too short to measure

comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()

value = (rank + 1) * 10
print(f"Rank {rank} has value {value}")

comm.Barrier()
start = MPI.Wtime()
for _ in range(TIMES):
    if rank == 0:
        total = value
        for source in range(1, size):
            total += comm.recv(source=source)
    else:
        comm.send(value, dest=0)
comm.Barrier()
seconds = MPI.Wtime() - start

if rank == 0:
    print(f"Rank 0 worked out the total {total}")
    if total != 10 * size * (size + 1) // 2:
        sys.exit(f"wrong: the total is {10 * size * (size + 1) // 2}")
    print(f"checked: the total, worked out {TIMES:,} times")
    print(f"timed: {seconds:.4f} s")
