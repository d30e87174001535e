# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""A Status tells who sent a message, under which tag, how long it is, and if all went well.

Run: mpiexec -n 4 python status.py

Each rank sends a few numbers to rank 0 (rank 0 to itself, too). Rank 0 takes them as they
come, from any rank and with any tag, and learns from the status what it has got.
"""

import sys

import numpy as np
from mpi4py import MPI

comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()

numbers = np.full(rank + 1, rank, dtype="float64")  # rank 0 sends one, rank 1 two, ...
request = comm.Isend(numbers, dest=0, tag=100 + rank)

if rank == 0:
    seen = set()
    status = MPI.Status()
    for _ in range(size):
        buffer = np.empty(size)  # room for the longest message
        comm.Recv(buffer, source=MPI.ANY_SOURCE, tag=MPI.ANY_TAG, status=status)
        source = status.Get_source()
        tag = status.Get_tag()
        count = status.Get_count(MPI.DOUBLE)
        error = status.Get_error()  # MPI.SUCCESS, that is 0, when all went well
        print(f"From rank {source}, tag {tag}: {count} numbers, error={error}")
        if error != MPI.SUCCESS or tag != 100 + source or count != source + 1:
            sys.exit(f"wrong: rank {source} sent {source + 1} numbers with tag {100 + source}")
        if not np.all(buffer[:count] == source):
            sys.exit(f"wrong: rank {source} sent other numbers than {buffer[:count]}")
        seen.add(source)
    if len(seen) != size:
        sys.exit(f"wrong: {size} ranks sent, but only {sorted(seen)} arrived")
    print("checked: source, tag, count and error of each message")
request.Wait()
