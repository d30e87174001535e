# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Calls that succeed and calls that fail give back every reference and the memory they took.

Nothing here depends on the number of ranks: one is enough (tests/test_python.py).
"""

import contextlib
import gc
import pickle
import sys

import numpy as np
import pytest
from mpi4py import MPI

SELF = MPI.COMM_SELF
X, Y = np.arange(10.0), np.zeros(10)
BYTES = bytearray(80)
OBJECT = {"a": [1, 2, 3], "b": "x" * 100}
WATCHED = [X, Y, BYTES, OBJECT, MPI.DOUBLE, MPI.SUM, SELF, MPI.Request, MPI.Status, MPI.Intracomm]


class Unpicklable:
    def __reduce__(self):
        raise ValueError


def gone():
    raise KeyError


class Unloadable:
    def __reduce__(self):
        return gone, ()


def drop_sends():
    for _ in range(10):
        SELF.Isend(X.copy(), 0, 1)
    for _ in range(10):
        SELF.Recv(Y, 0, 1)


def change_after_isend():
    data = X.copy()
    request = SELF.isend(data, 0, 1)
    data[:] = -1
    assert (SELF.recv(source=0, tag=1) == X).all()
    request.wait()


def load_nothing():
    request = SELF.isend([X, Unloadable()], 0, 1)
    try:
        SELF.recv(source=0, tag=1)
    finally:
        request.wait()


def reduce_by_function():
    op = MPI.Op.Create(lambda a, b, t: None)
    SELF.Allreduce(X, Y, op)
    op.Free()


class Tensor:
    """An array that is known by DLPack alone."""

    __dlpack__, __dlpack_device__ = X.__dlpack__, X.__dlpack_device__


class OfGpu:
    """An array that says it is a GPU's."""

    def __init__(self, **changes):
        interface = {"data": (X.ctypes.data, False), "shape": X.shape, "typestr": "<f8"}
        self.__cuda_array_interface__ = interface | changes


def several_requests():
    statuses = []
    requests = [SELF.isend(OBJECT, 0, 1), SELF.irecv(source=0, tag=1)]
    assert MPI.Request.waitall(requests, statuses)[1] == OBJECT


def pickle_type():
    datatype = MPI.INT.Dup()
    pickle.loads(pickle.dumps(datatype)).Free()
    datatype.Free()


CASES = [
    lambda: SELF.Sendrecv(X, 0, 0, Y, 0, 0),
    lambda: SELF.Sendrecv([X, (5, 2), MPI.DOUBLE], 0, 0, [Y, 5, "d"], 0, 0),
    lambda: SELF.Sendrecv(BYTES, 0, 0, BYTES[:], 0, 0),
    lambda: SELF.Sendrecv(Tensor(), 0, 0, Y, 0, 0),
    lambda: SELF.Sendrecv(OfGpu(), 0, 0, Y, 0, 0),
    lambda: SELF.Sendrecv(OfGpu(shape=(-1,)), 0, 0, Y, 0, 0),
    lambda: SELF.Sendrecv([Tensor(), MPI.INT, MPI.INT], 0, 0, Y, 0, 0),
    lambda: MPI.buffer(OfGpu())[1:].toreadonly(),
    lambda: SELF.sendrecv(OBJECT, 0, 0, None, 0, 0),
    lambda: SELF.sendrecv([X, Y], 0, 0, None, 0, 0),
    lambda: SELF.sendrecv(X, 0, 0, None, 0, 0),
    drop_sends,
    change_after_isend,
    load_nothing,
    several_requests,
    reduce_by_function,
    lambda: (SELF.irecv(1000, 0, 2), SELF.send(3, 0, 2)),
    lambda: (SELF.isend(OBJECT, 0), SELF.mprobe().recv()),
    lambda: SELF.Send([1, 2, 3], 0),
    lambda: SELF.Send(X[::2], 0),
    lambda: SELF.Send([X, 5, 3], 0),
    lambda: SELF.Send([BYTES, MPI.DOUBLE_INT, MPI.INT], 0),
    lambda: SELF.Send(BYTES, 99),
    lambda: SELF.isend(OBJECT, 99),
    lambda: SELF.send(Unpicklable(), 0),
    lambda: SELF.send([X, Unpicklable()], 0),
    lambda: SELF.Reduce(X, BYTES),
    lambda: SELF.Allgather(X, Y),
    lambda: SELF.Allgatherv(X, [Y, [10], [0], "d"]),
    lambda: SELF.Allgatherv(X, [Y, [10, 3], [0], "d"]),
    lambda: SELF.Alltoallw(*[[b, ([10], [0]), [MPI.DOUBLE]] for b in (X, Y)]),
    lambda: SELF.Alltoallw(*[[BYTES, ([10], [0]), [t]] for t in (MPI.DOUBLE, 3)]),
    lambda: SELF.Reduce_scatter(X, Y, [10]),
    lambda: SELF.Reduce_scatter(X, BYTES, [9]),
    lambda: SELF.scatter([Unpicklable()]),
    lambda: (SELF.bcast(OBJECT), SELF.gather(OBJECT), SELF.alltoall([OBJECT])),
    lambda: SELF.alltoall([1, 2]),
    lambda: SELF.Dup().Free(),
    lambda: SELF.Get_group().Range_incl([(0, 0)]),
    lambda: MPI.Info.Create({"a": "b"}).Free(),
    lambda: MPI.MAXLOC((1, 2), [3]),
    pickle_type,
    lambda: (MPI.Comm.fromint(SELF.toint()), MPI.get_vendor(), MPI.Status().tomemory()),
    lambda: MPI.Request(SELF.irecv(source=0, tag=9)).Cancel(),
]


def resident():
    """Bytes of memory in use."""
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * 4096


@pytest.mark.parametrize("case", range(len(CASES)))
def test_nothing_is_kept(case):
    def repeat(times):
        for _ in range(times):
            with contextlib.suppress(Exception):
                CASES[case]()

    rounds = 5000
    repeat(rounds // 2)
    gc.collect()
    before, memory = [sys.getrefcount(o) for o in WATCHED], resident()
    repeat(rounds)
    gc.collect()
    after = [sys.getrefcount(o) for o in WATCHED]
    assert max(b - a for a, b in zip(before, after, strict=True)) < 20, (before, after)
    assert resident() - memory < 1 << 20  # 210 bytes a round show
