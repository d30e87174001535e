# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Half round trips from Python: Send/Recv of 8 bytes, send/recv of an int; microseconds."""

import time

import numpy as np
from mpi4py import MPI

comm = MPI.COMM_WORLD
rank = comm.Get_rank()
array = np.zeros(1)
TURNS = 20000


def buffers():
    for _ in range(TURNS):
        if rank == 0:
            comm.Send(array, dest=1)
            comm.Recv(array, source=1)
        else:
            comm.Recv(array, source=0)
            comm.Send(array, dest=0)


def objects():
    for i in range(TURNS):
        if rank == 0:
            comm.send(i, dest=1)
            comm.recv(source=1)
        else:
            comm.recv(source=0)
            comm.send(i, dest=0)


for name, function in [("Send/Recv", buffers), ("send/recv", objects)]:
    best = 1e9
    for _ in range(5):
        comm.Barrier()
        start = time.perf_counter()
        function()
        best = min(best, (time.perf_counter() - start) / TURNS / 2 * 1e6)
    if rank == 0:
        print(name, f"{best:.4f}")
