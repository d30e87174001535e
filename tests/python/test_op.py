# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Reduction operations."""

import pickle

import numpy as np
import pytest
from mpi4py import MPI

NAMES = "MAX MIN SUM PROD LAND BAND LOR BOR LXOR BXOR MAXLOC MINLOC REPLACE NO_OP".split()


def test_on_objects():
    assert MPI.SUM(1, 2) == 3
    assert MPI.MAX("a", "b") == "b"
    assert MPI.LAND(2, 0) is False
    assert MPI.MAXLOC((1, 5), (1, 3)) == (1, 3)
    assert MPI.MINLOC((1, 5), (0, 9)) == (0, 9)
    assert MPI.MAXLOC([1, 5], (2, 3)) == (2, 3) == MPI.MAXLOC(x=(2, 3), y=(1, 5))
    for bad in ([1], (1, 2, 3), "a"):
        with pytest.raises(ValueError, match="pair"):
            MPI.MAXLOC(bad, (1, 2))
    with pytest.raises(TypeError):
        MPI.MINLOC((1, 2), 3)
    with pytest.raises(ValueError):
        MPI.OP_NULL(1, 2)
    with pytest.raises(TypeError):
        MPI.SUM(1)


@pytest.mark.parametrize("name", NAMES)
def test_predefined(name):
    op = getattr(MPI, name)
    assert op.is_predefined and op == MPI.Op(op) and op != MPI.OP_NULL
    assert pickle.loads(pickle.dumps(op)) is op
    if name not in ("REPLACE", "NO_OP"):
        assert op.Is_commutative() and op.is_commutative


def test_reduce_local():
    a, b = np.arange(5.0), np.ones(5)
    MPI.SUM.Reduce_local(a, b)
    assert (b == np.arange(5) + 1).all()
    with pytest.raises(ValueError, match="count"):
        MPI.SUM.Reduce_local(a, b[:2])
    with pytest.raises(ValueError, match="datatypes"):
        MPI.SUM.Reduce_local(a, np.zeros(5, "i"))


def test_of_the_user(comm):
    calls = []

    def combine(a, b, datatype):
        calls.append(datatype)
        np.frombuffer(b, "i")[:] = np.frombuffer(a, "i")  # the left operand

    op = MPI.Op.Create(combine, commute=False)
    assert not op.Is_commutative() and not op.is_predefined
    got = np.full(3, -1, "i")
    comm.Allreduce(np.full(3, comm.rank + 1, "i"), got, op)
    assert (got == 1).all()
    comm.Scan(np.full(3, comm.rank + 1, "i"), got, op)
    assert (got == 1).all()
    last = MPI.Op.Create(lambda a, b, datatype: None)  # the right operand
    comm.Allreduce(np.full(3, comm.rank + 1, "i"), got, last)
    assert (got == comm.size).all()
    last.Free()
    assert all(isinstance(t, MPI.Datatype) for t in calls)
    copy = MPI.Op(op)
    assert copy == op and copy(np.zeros(1, "i"), np.zeros(1, "i")) is None
    create, args = op.__reduce__()
    assert args == (combine, False)
    op.Free()
    assert op == MPI.OP_NULL


def test_of_the_user_on_many_kinds(comm):
    op = MPI.Op.Create(lambda a, b, dt: b.__setitem__(slice(None), bytes(map(max, a, b))), True)
    assert op.is_commutative
    got = bytearray(4)
    comm.Reduce(bytes([comm.rank] * 4), got, op, 0)
    if comm.rank == 0:
        assert got == bytes([comm.size - 1] * 4)
    got = bytearray(4)
    comm.Scan(bytes([comm.rank] * 4), got, op)
    assert got == bytes([comm.rank] * 4)
    op.free()
    assert not op


def test_slots_are_limited_and_given_back():
    ops = [MPI.Op.Create(lambda a, b, t: None) for _ in range(32)]
    with pytest.raises(RuntimeError, match="32"):
        MPI.Op.Create(lambda a, b, t: None)
    for op in ops:
        op.Free()
    MPI.Op.Create(lambda a, b, t: None).Free()


def test_wrong():
    with pytest.raises(AttributeError):
        MPI.Op.Create(3)
    with pytest.raises(MPI.Exception):
        MPI.SUM.Free()
    MPI.SUM.free()
    assert MPI.SUM
    with pytest.raises(ValueError, match="serialize"):
        pickle.dumps(MPI.Op.fromhandle(12345))


def test_max_loc_buffers(comm):
    pair = np.dtype([("value", "d"), ("index", "i")], align=True)
    data, got = np.zeros(3, pair), np.zeros(3, pair)
    data["value"] = (comm.rank * 7 + np.arange(3)) % 5
    data["index"] = comm.rank
    comm.Allreduce([data, 3, MPI.DOUBLE_INT], [got, 3, MPI.DOUBLE_INT], MPI.MAXLOC)
    values = (np.arange(comm.size)[:, None] * 7 + np.arange(3)) % 5
    assert (got["value"] == values.max(0)).all()
    assert (got["index"] == values.argmax(0)).all()
