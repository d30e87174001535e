# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Add two vectors over the ranks: Scatter the numbers, add, Gather the sums.

Run: mpiexec -n 4 python vector_add.py

Scatter gives every rank equally many numbers. When the length does not divide by the
number of ranks, Scatterv takes a list of counts: the first ranks get one number more.
"""

import sys

import numpy as np
from mpi4py import MPI

comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()


def add(a, b, n):
    """Add a and b, which only rank 0 has; return the sum on rank 0, None on the others."""
    c = np.empty(n, dtype="float64") if rank == 0 else None
    counts = [n // size + (r < n % size) for r in range(size)]
    a_chunk = np.empty(counts[rank], dtype="float64")
    b_chunk = np.empty(counts[rank], dtype="float64")
    if n % size == 0:
        comm.Scatter(a, a_chunk, root=0)
        comm.Scatter(b, b_chunk, root=0)
        comm.Gather(a_chunk + b_chunk, c, root=0)
    else:
        comm.Scatterv([a, counts], a_chunk, root=0)
        comm.Scatterv([b, counts], b_chunk, root=0)
        comm.Gatherv(a_chunk + b_chunk, [c, counts], root=0)
    return c


for n in (100, 10_000_000):
    a = np.arange(n, dtype="float64") if rank == 0 else None
    b = np.ones(n, dtype="float64") if rank == 0 else None
    add(a, b, n)  # once before the time is taken: memory is slow when it is new
    comm.Barrier()
    start = MPI.Wtime()
    c = add(a, b, n)
    seconds = MPI.Wtime() - start
    if rank == 0:
        print(f"{n:,} numbers in {seconds:.6f} s: {c[:3]} ... {c[-1:]}")
        start = MPI.Wtime()
        serial = a + b
        serial_seconds = MPI.Wtime() - start
        if not np.array_equal(c, serial):
            sys.exit("wrong: the sum is not what NumPy computes on one rank")

if rank == 0:
    # One addition is so little work that bringing the numbers to the ranks takes longer.
    print("checked: all 100 and all 10,000,000 sums")
    print(f"timed: {seconds:.3f} s, serial {serial_seconds:.3f} s")
