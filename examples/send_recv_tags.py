# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Tags tell messages apart that come from the same rank.

Run: mpiexec -n 4 python send_recv_tags.py

Every rank but rank 0 sends two messages to rank 0: a name (any Python object: isend) and
an array of numbers (NumPy arrays are fastest with the capital letter: Isend). Rank 0 takes
the array first, though the name was sent first: it asks for it by its tag.
"""

import sys

import numpy as np
from mpi4py import MPI

NAME = 1  # a tag is any number from 0 on; give it a name
NUMBERS = 2

comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()

if size < 2:
    sys.exit("send_recv_tags.py needs at least 2 ranks: mpiexec -n 2 python send_recv_tags.py")

if rank == 0:
    for source in range(1, size):
        numbers = np.empty(1000)
        comm.Recv(numbers, source=source, tag=NUMBERS)
        name = comm.recv(source=source, tag=NAME)
        print(f"Rank 0 received {numbers.size} numbers and the name {name!r}")
        if name != f"rank {source}":
            sys.exit(f"wrong: expected the name 'rank {source}', got {name!r}")
        if not np.array_equal(numbers, np.arange(1000) * source):
            sys.exit(f"wrong: the numbers of rank {source} are {numbers}")
    print("checked: names and arrays, received in the other order than sent")
else:
    numbers = np.arange(1000.0) * rank
    # isend and Isend begin to send and return at once; waitall waits until both are sent.
    sent = [
        comm.isend(f"rank {rank}", dest=0, tag=NAME),
        comm.Isend(numbers, dest=0, tag=NUMBERS),
    ]
    MPI.Request.waitall(sent)
