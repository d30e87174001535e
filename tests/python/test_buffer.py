# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""MPI.buffer, datatypes, IN_PLACE and BOTTOM."""

import pickle

import numpy as np
import pytest
from mpi4py import MPI


def test_new_buffers():
    empty = MPI.buffer()
    assert len(empty) == empty.nbytes == 0 and empty.obj is None and not empty.readonly
    made = MPI.buffer.allocate(8, clear=True)
    assert bytes(made) == bytes(8) and made.address % 16 == 0 and made.obj is not None
    assert (made.format, made.itemsize) == ("B", 1)
    data = bytearray(b"abcdef")
    view = MPI.buffer(data)
    assert view.tobytes() == b"abcdef" and view.obj is data
    assert MPI.memory is MPI.buffer
    with pytest.raises(ValueError):
        MPI.buffer.allocate(-1)
    with pytest.raises(TypeError):
        MPI.buffer(3)
    with pytest.raises(TypeError):
        MPI.buffer(b"a", b"b")


def test_items():
    data = bytearray(b"abcdef")
    view = MPI.buffer.frombuffer(data)
    assert view[0] == 97 and view[-1] == 102 and view[1:3].tobytes() == b"bc"
    assert list(view) == list(data)
    view[0] = 65
    view[1:3] = b"BC"
    view[3:] = 0
    assert data == b"ABC\0\0\0"
    part = view[2:]
    assert part.obj is view and len(part) == 4
    for wrong in (6, -7):
        with pytest.raises(IndexError):
            view[wrong]
    with pytest.raises(IndexError):
        view[::2]
    with pytest.raises(TypeError):
        view["a"]
    with pytest.raises(ValueError):
        view[0:2] = b"abc"
    with pytest.raises((OverflowError, ValueError)):
        view[0] = 300
    with pytest.raises(NotImplementedError):
        del view[0]


def test_readonly():
    view = MPI.buffer.frombuffer(b"abc", readonly=True)
    assert view.readonly
    with pytest.raises(TypeError):
        view[0] = 1
    with pytest.raises(BufferError):
        MPI.buffer.frombuffer(b"abc")
    again = MPI.buffer(bytearray(3)).toreadonly()
    assert again.readonly and memoryview(again).readonly


def test_addresses_and_casts():
    data = np.arange(4, dtype="i")
    view = MPI.buffer.fromaddress(data.ctypes.data, data.nbytes)
    view[0] = 9
    assert data[0] == 9
    assert view.cast("i").tolist() == [9, 1, 2, 3]
    assert view.cast("i", (2, 2)).shape == (2, 2)
    assert MPI.Get_address(data) == data.ctypes.data == MPI.buffer(data).address
    assert MPI.Get_address(MPI.BOTTOM) == 0
    assert MPI.Aint_add(5, 7) == 12 and MPI.Aint_diff(12, 7) == 5
    with pytest.raises(ValueError):
        MPI.buffer.fromaddress(0, 8)


def test_release():
    data = bytearray(3)
    view = MPI.buffer(data)
    with pytest.raises(BufferError):
        data.append(1)
    view.release()
    data.append(1)
    assert len(view) == 0


def test_mpi_memory():
    memory = MPI.Alloc_mem(1000)
    assert isinstance(memory, MPI.buffer) and len(memory) == 1000
    memory[:] = 7
    assert np.frombuffer(memory, "u1").sum() == 7000
    MPI.Free_mem(memory)
    assert len(memory) == 0
    MPI.Free_mem(MPI.Alloc_mem(10, MPI.INFO_NULL))
    with pytest.raises(TypeError):
        MPI.Free_mem(b"abc")


def test_attached_buffer():
    data = bytearray(1000)
    MPI.Attach_buffer(data)
    assert MPI.Detach_buffer() is data
    data.append(1)


@pytest.mark.parametrize("name", ["BOTTOM", "IN_PLACE", "BUFFER_AUTOMATIC"])
def test_sentinels(name):
    obj = getattr(MPI, name)
    assert repr(obj) == str(obj) == name
    assert obj == obj and obj == type(obj)() and obj != "x" and not obj != obj
    assert hash(obj) == hash(int(obj)) and bool(obj) == (int(obj) != 0)
    assert len(memoryview(obj)) == 0 and memoryview(obj).obj is None
    assert pickle.loads(pickle.dumps(obj)) is obj
    with pytest.raises(TypeError):
        assert obj < obj
    with pytest.raises(TypeError):
        type(obj)(1)


def test_bottom_is_an_index():
    assert MPI.BOTTOM == 0 and [5][MPI.BOTTOM] == 5
    with pytest.raises(TypeError):
        [5][MPI.IN_PLACE]


def test_datatypes():
    double = MPI.DOUBLE
    assert double.Get_size() == double.size == 8
    assert double.Get_extent() == (0, 8) and (double.lb, double.extent, double.ub) == (0, 8, 8)
    assert double.Get_true_extent() == (0, 8)
    assert (double.true_lb, double.true_extent, double.true_ub) == (0, 8, 8)
    assert double.name == double.Get_name() == "MPI_DOUBLE"
    assert double.is_named and double.is_predefined
    assert (double.typechar, double.typestr, double.tocode()) == ("d", "f8", "d")
    assert double.Commit() is double
    assert MPI.Datatype.fromcode("i4") == MPI.INT32_T
    assert MPI.Datatype(double) == double and MPI.Datatype() == MPI.DATATYPE_NULL
    assert MPI.Datatype.fromhandle(double.handle) == double
    assert pickle.loads(pickle.dumps(double)) is double
    for alias in (MPI.SINT32_T, MPI.INT_INT, MPI.UNSIGNED_INT, MPI.C_FLOAT_COMPLEX):
        assert pickle.loads(pickle.dumps(alias)) is alias
        copy = pickle.loads(pickle.dumps(MPI.Datatype(alias)))
        assert copy == alias and copy is not alias
    assert MPI._typedict["d"] == double and MPI._typecode(MPI.INT16_T) == "i2"
    assert MPI._typecode(MPI.DOUBLE_INT) is None
    for wrong in ("zz", 3, None):
        with pytest.raises(ValueError):
            MPI.Datatype.fromcode(wrong)
    with pytest.raises(ValueError):
        MPI.DOUBLE_INT.tocode()
    with pytest.raises(MPI.Exception):
        MPI.DATATYPE_NULL.Get_size()


@pytest.mark.parametrize("code", "?bhilqBHILQfdgFDG")
def test_sizes_of_codes(code):
    assert MPI.Datatype.fromcode(code).size == np.dtype(code).itemsize
    kind = np.dtype(code).str[1:]
    assert MPI.Datatype.fromcode(kind).size == np.dtype(code).itemsize


def test_types_that_have_the_same_size():
    sizes = {"SHORT_INT": 6, "INT_INT": 8, "FLOAT_INT": 8, "DOUBLE_INT": 12, "LONG_INT": 12}
    for name, size in sizes.items():
        assert getattr(MPI, name).size == size
    assert MPI.TWOINT == MPI.INT_INT and MPI.BOOL == MPI.C_BOOL


@pytest.mark.parametrize("name", ["e", "f2", "float16"])
def test_half_precision(comm, name):
    data = np.arange(6, dtype=name).reshape(2, 3)
    got = np.empty_like(data)
    comm.Sendrecv(data, comm.rank, recvbuf=got, source=comm.rank)
    assert (got == data).all()
    comm.Sendrecv([data, MPI.FLOAT16_T], comm.rank, recvbuf=[got, "e"], source=comm.rank)
    comm.Allreduce(data, got)
    assert (got == data * comm.size).all()
    assert comm.sendrecv(data, comm.rank).dtype == data.dtype
    assert MPI.Datatype.fromcode("e").typestr == "f2"


def test_duplicated_types(comm):
    dup = MPI.INT.Dup()
    assert dup != MPI.INT and dup.size == 4 and not dup.is_predefined
    assert dup.combiner == MPI.COMBINER_DUP and MPI.INT.combiner == MPI.COMBINER_NAMED
    assert dup.envelope == dup.Get_envelope() == (0, 0, 0, 1, MPI.COMBINER_DUP)
    assert dup.contents == dup.Get_contents() == ([], [], [], [MPI.INT])
    assert dup.decode() == (MPI.INT, "DUP", {}) and MPI.INT.decode() == (MPI.INT, "NAMED", {})
    twice = dup.Create_dup().Commit()
    assert (twice.typechar, twice.typestr) == ("i", "i4")
    dup.Set_name("first")
    twice.name = "second"
    assert (dup.Get_name(), twice.name) == ("first", "second")
    data, got = np.arange(3, dtype="i4"), np.zeros(3, "i4")
    comm.Sendrecv([data, dup], comm.rank, recvbuf=[got, twice], source=comm.rank)
    assert (got == data).all()
    copy = pickle.loads(pickle.dumps(twice))
    assert copy.combiner == MPI.COMBINER_DUP and copy.typestr == "i4"
    for made in (dup, twice, copy):
        made.Free()
        assert not made
        made.free()
    with pytest.raises(MPI.Exception):
        MPI.INT.Free()
    MPI.INT.free()
    assert MPI.INT
    with pytest.raises(MPI.Exception):
        MPI.INT.Get_contents()
    with pytest.raises(MPI.Exception):
        MPI.DATATYPE_NULL.Dup()
    assert MPI.Datatype.Match_size(MPI.TYPECLASS_INTEGER, 4).size == 4
    with pytest.raises(MPI.Exception):
        MPI.Datatype.Match_size(typeclass=MPI.TYPECLASS_REAL, size=3)


def test_handles_as_ints(comm):
    for made in (
        comm,
        comm.Get_group(),
        MPI.INT.Dup(),
        MPI.Info.Create(),
        MPI.SUM,
        MPI.REQUEST_NULL,
        MPI.MESSAGE_NULL,
        MPI.ERRORS_RETURN,
    ):
        cls = type(made)
        assert cls.fromint(made.toint()) == cls.f2py(arg=made.py2f()) == made
        if not isinstance(made, MPI.Comm):
            made.free()
    assert type(MPI.Comm.fromint(comm.toint())) is MPI.Intracomm
    for bad in ("a", None):
        with pytest.raises(TypeError):
            MPI.Comm.fromint(bad)
    with pytest.raises(TypeError):
        MPI.Comm.fromint(arg=1)
