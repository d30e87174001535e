# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Large messages around the ranks, as buffers and as objects, each byte checked."""

from mpi4py import MPI

BYTES = 4 << 20
comm = MPI.COMM_WORLD
rank, size = comm.Get_rank(), comm.Get_size()
left, right = (rank - 1) % size, (rank + 1) % size


def data(rank):
    return bytes((rank * 31 + i) % 251 for i in range(251)) * (BYTES // 251)


received = bytearray(len(data(left)))
comm.Sendrecv(data(rank), right, recvbuf=received, source=left)
wrong = received != data(left)
wrong += comm.sendrecv(["object", data(rank)], right, source=left) != ["object", data(left)]
wrong += comm.bcast(data(rank), root=0) != data(0)
wrong = comm.allreduce(wrong)
if rank == 0:
    print(f"{size} ranks, {wrong} messages wrong")
