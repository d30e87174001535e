# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Every rank says hello.

Run: mpiexec -n 4 python hello.py

The lines come in any order: the ranks run at the same time.
"""

import sys

from mpi4py import MPI

comm = MPI.COMM_WORLD  # all processes of this job
rank = comm.Get_rank()  # the number of this process: 0, 1, 2, ...
size = comm.Get_size()  # how many processes there are

if rank == 0:
    where = "first"
elif rank == size - 1:
    where = "last"
else:
    where = "in between"
print(f"Hello world from rank {rank} of {size} ({where})")

# Rank 0 collects all rank numbers: each from 0 to size - 1 must be there once.
everyone = comm.gather(rank, root=0)
if rank == 0:
    if everyone != list(range(size)):
        sys.exit(f"wrong: expected ranks 0 to {size - 1}, got {everyone}")
    print(f"checked: {size} of {size} ranks answered")
