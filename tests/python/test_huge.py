# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Messages beyond 2 GiB from NumPy arrays, between two ranks, each seen in many places."""

import numpy as np
import pytest
from mpi4py import MPI

BYTES = (1 << 31) + 11  # also a count that fits in no int
STEP = 99_991  # a prime: the places are on all sides of pages and of pieces
NEEDED = 4 * BYTES  # an array and a message on each of two ranks, at the most


def available():
    with open("/proc/meminfo") as info:
        return next(int(line.split()[1]) for line in info if "MemAvailable" in line) * 1024


@pytest.fixture(autouse=True)
def enough():
    comm = MPI.COMM_WORLD
    if comm.size < 2:
        pytest.skip("takes two ranks")
    free = comm.bcast(available())
    if free < NEEDED:
        pytest.skip(f"takes {NEEDED >> 20} MiB of memory, {free >> 20} MiB are available")


def places(entries):
    return np.append(np.arange(0, entries, STEP), entries - 1)


def made(dtype):
    """An array of BYTES bytes at the least, most of it zero."""
    size = np.dtype(dtype).itemsize
    array = np.zeros(BYTES // size + 1, dtype)
    marks = places(array.size)
    array[marks] = marks % 251 + 1
    return array


def check(array):
    marks = places(array.size)
    assert (array[marks] == marks % 251 + 1).all()
    others = np.setdiff1d(marks[:-1] + 1, marks)
    assert not array[others].any()


@pytest.mark.parametrize("dtype", ["u1", "f8"])
def test_send_recv(dtype):
    comm = MPI.COMM_WORLD
    if comm.rank == 0:
        comm.Send(made(dtype), dest=1, tag=2)
    elif comm.rank == 1:
        got = np.empty(BYTES // np.dtype(dtype).itemsize + 1, dtype)
        status = MPI.Status()
        comm.Recv(got, source=0, tag=2, status=status)
        assert status.Get_count(MPI.Datatype.fromcode(dtype)) == got.size
        assert status.count == got.nbytes > 1 << 31
        check(got)


def test_bcast():
    comm = MPI.COMM_WORLD.Split(0 if MPI.COMM_WORLD.rank < 2 else MPI.UNDEFINED)
    if comm:
        array = made("u1") if comm.rank == 1 else np.empty(BYTES + 1, "u1")
        comm.Bcast(array, root=1)
        check(array)
        comm.Free()


def test_bcast_of_an_object():
    comm = MPI.COMM_WORLD.Split(0 if MPI.COMM_WORLD.rank < 2 else MPI.UNDEFINED)
    if comm:
        array = comm.bcast(made("u1") if comm.rank == 0 else None)
        assert array.nbytes == BYTES + 1
        check(array)
        comm.Free()
