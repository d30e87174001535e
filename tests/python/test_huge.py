# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Arrays beyond 2 GiB, as buffers."""

import numpy as np
from mpi4py import MPI

COUNT = (1 << 28) + 3  # of 8 bytes


def test_send_recv():
    comm = MPI.COMM_WORLD
    if comm.size == 1 or comm.rank > 1:
        return
    if comm.rank == 0:
        comm.Send(np.arange(COUNT, dtype="i8"), dest=1, tag=2)
    else:
        got = np.zeros(COUNT, "i8")
        status = MPI.Status()
        comm.Recv(got, source=0, tag=2, status=status)
        assert status.Get_count(MPI.INT64_T) == COUNT
        assert got[-1] == COUNT - 1 and (np.diff(got) == 1).all()
