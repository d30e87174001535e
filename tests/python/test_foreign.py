# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Memory of objects without the buffer protocol: DLPack and the CUDA array interface."""

import ctypes

import numpy as np
import pytest
from helpers import ring
from mpi4py import MPI

INT, UINT, FLOAT, OPAQUE, BFLOAT, COMPLEX, BOOL = range(7)
CPU, GPU = 1, 2


class Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("offset", ctypes.c_uint64),
    ]


class Plain(ctypes.Structure):
    _fields_ = [
        ("tensor", Tensor),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
    ]


class Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", Tensor),
    ]


new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


def numbers(values):
    return (ctypes.c_int64 * len(values))(*values)


class DL:
    """A tensor over a NumPy array."""

    name = b"dltensor_versioned"

    def __init__(self, array, code=None, lanes=1, device=CPU, made=Versioned):
        kinds = {"i": INT, "u": UINT, "f": FLOAT, "c": COMPLEX, "b": BOOL, "V": OPAQUE}
        self.array = array
        self.made = made()
        self.device = device
        t = self.made.tensor
        t.data, t.device, t.ndim = array.ctypes.data, device, array.ndim
        t.code = kinds[array.dtype.kind] if code is None else code
        t.bits, t.lanes = array.itemsize * 8 // lanes, lanes
        t.shape = numbers(array.shape)
        t.strides = numbers([s // array.itemsize for s in array.strides])
        if made is Versioned:
            self.made.major = 1

    def __dlpack_device__(self):
        return self.device, 0

    def __dlpack__(self, *, stream=None, max_version=None):
        assert stream == (None if self.device == CPU else -1)
        if isinstance(self.made, Plain) and max_version is not None:
            raise TypeError("versions are not known here")
        name = b"dltensor" if isinstance(self.made, Plain) else self.name
        return new_capsule(ctypes.addressof(self.made), name, None)


class CAI:
    """A GPU's array, as it describes itself, over a NumPy array."""

    def __init__(self, array, readonly=False, **changes):
        self.array = array
        self.__cuda_array_interface__ = {
            "version": 3,
            "data": (array.ctypes.data, readonly),
            "typestr": array.dtype.str,
            "shape": array.shape,
            "strides": None if array.flags.c_contiguous else array.strides,
        } | changes


def plain(array):
    return DL(array, made=Plain)


def on_gpu(array):
    return DL(array, device=GPU)


KINDS = [DL, plain, on_gpu, CAI]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", ["?", "b", "H", "i", "q", "f", "d", "F", "D"])
def test_messages_of_foreign_memory(comm, kind, code):
    to, source = ring(comm)
    sent = (np.arange(12) + comm.rank).astype(code)
    got = np.zeros(12, code)
    comm.Sendrecv(kind(sent), to, 0, kind(got), source, 0)
    assert np.array_equal(got, (np.arange(12) + source).astype(code))
    got[:] = 0
    comm.Sendrecv([kind(sent), 5], to, 0, [kind(got), 5], source, 0)
    assert np.array_equal(got[:5], (np.arange(5) + source).astype(code)) and not got[5:].any()


@pytest.mark.parametrize("kind", KINDS)
def test_collectives_on_foreign_memory(comm, kind):
    result = np.zeros(4)
    comm.Allreduce(kind(np.ones(4)), kind(result))
    assert (result == comm.size).all()
    every = np.zeros((comm.size, 3), "i")
    comm.Allgather(kind(np.full(3, comm.rank, "i")), kind(every))
    assert (every == np.arange(comm.size)[:, None]).all()
    comm.Allgatherv(kind(np.full(3, comm.rank, "i")), [kind(every), 3])
    types = [MPI.INT] * comm.size
    spots = ([1] * comm.size, [4 * r for r in range(comm.size)])
    row, column = np.full(comm.size, comm.rank, "i"), np.zeros(comm.size, "i")
    comm.Alltoallw([kind(row), spots, types], [kind(column), spots, types])
    assert (column == np.arange(comm.size)).all()


def test_started_operations_keep_foreign_memory(comm):
    to, source = ring(comm)
    got = np.zeros(1000)
    receive = comm.Irecv(DL(got), source)
    send = comm.Isend(DL(np.full(1000, float(comm.rank))), to)
    MPI.Request.Waitall([receive, send])
    assert (got == source).all()


def test_types_that_are_bytes():
    for tensor in (
        DL(np.arange(4, dtype="u2"), code=OPAQUE),
        DL(np.arange(4, dtype="u2"), code=BFLOAT),
        DL(np.arange(4, dtype="u4"), lanes=2),
    ):
        got = np.zeros_like(tensor.array)
        MPI.COMM_SELF.Sendrecv(tensor, 0, 0, [got, MPI.BYTE], 0, 0)
        assert np.array_equal(got, tensor.array)
    wide = np.arange(3).astype("G")
    got = np.zeros(3, "G")
    MPI.COMM_SELF.Sendrecv(DL(wide, code=FLOAT, lanes=2), 0, 0, got, 0, 0)
    assert np.array_equal(got, wide)
    record = CAI(np.arange(6, dtype="i4"), typestr="|V12", shape=(2,))
    got = np.zeros(6, "i4")
    MPI.COMM_SELF.Sendrecv(record, 0, 0, [got, MPI.BYTE], 0, 0)
    assert np.array_equal(got, np.arange(6))


def test_shapes():
    array = np.arange(24, dtype="i").reshape(2, 3, 4)
    for good in (array, array.T, array[:1, :, :], array[:, :0, ::2], np.array(5, "i")):
        for kind in KINDS:
            assert MPI.Get_address(kind(good)) == good.ctypes.data
    for bad in (array[:, ::2], array.transpose(0, 2, 1), array[::-1]):
        for kind in KINDS:
            with pytest.raises(BufferError, match="not contiguous"):
                MPI.Get_address(kind(bad))
    tensor = DL(array)
    tensor.made.tensor.strides = None
    tensor.made.tensor.offset = 8
    assert MPI.Get_address(tensor) == array.ctypes.data + 8
    for ndim, shape in ((-1, numbers([1])), (1, None), (1, numbers([-1]))):
        tensor.made.tensor.ndim, tensor.made.tensor.shape = ndim, shape
        with pytest.raises(BufferError):
            MPI.Get_address(tensor)
    huge = DL(array)
    huge.made.tensor.shape = numbers([2**40, 2**40, 1])
    with pytest.raises(BufferError, match="too many"):
        MPI.Get_address(huge)


def test_only_read():
    frozen = DL(np.zeros(3))
    frozen.made.flags = 1
    for memory in (frozen, CAI(np.zeros(3), readonly=True)):
        MPI.COMM_SELF.Sendrecv(memory, 0, 0, np.zeros(3), 0, 0)
        with pytest.raises(BufferError):
            MPI.COMM_SELF.Sendrecv(np.zeros(3), 0, 0, memory, 0, 0)


def test_tensors_that_are_wrong():
    tensor = DL(np.zeros(3))
    for device, error in (
        (None, TypeError),
        ((None, 0), TypeError),
        ((1, None), TypeError),
        ((1,), ValueError),
        ((1, 0, 0), ValueError),
    ):
        tensor.__dlpack_device__ = lambda device=device: device
        with pytest.raises(error):
            MPI.Get_address(tensor)
    del tensor.__dlpack_device__
    tensor.name = b"used_dltensor_versioned"
    with pytest.raises(BufferError, match="not a capsule of a tensor"):
        MPI.Get_address(tensor)
    del tensor.name
    tensor.made.major = 2
    with pytest.raises(BufferError, match=r"version 2\.0"):
        MPI.Get_address(tensor)
    with pytest.raises(KeyError):
        MPI.COMM_SELF.Sendrecv(DL(np.zeros(3, "f"), code=COMPLEX), 0, 0, np.zeros(3), 0, 0)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"data": None}, TypeError),
        ({"data": 0}, TypeError),
        ({"data": (0,)}, ValueError),
        ({"data": ("", False)}, TypeError),
        ({"mask": True}, BufferError),
        ({"typestr": None}, TypeError),
        ({"typestr": ">f8"}, BufferError),
        ({"typestr": "#f8"}, BufferError),
        ({"typestr": "<f"}, ValueError),
        ({"typestr": "<q8"}, KeyError),
        ({"shape": None}, TypeError),
        ({"shape": 3}, TypeError),
        ({"shape": (-3,)}, BufferError),
        ({"shape": ("a",)}, TypeError),
        ({"strides": 8}, TypeError),
        ({"strides": (8, 8)}, ValueError),
        ({"descr": 8}, TypeError),
    ],
)
def test_arrays_that_are_wrong(changes, error):
    with pytest.raises(error):
        MPI.COMM_SELF.Sendrecv(CAI(np.zeros(3), **changes), 0, 0, np.zeros(3), 0, 0)


def test_what_arrays_may_leave_out():
    for key in ("data", "typestr", "shape"):
        array = CAI(np.zeros(3))
        del array.__cuda_array_interface__[key]
        with pytest.raises(KeyError, match=key):
            MPI.Get_address(array)
    array = CAI(np.zeros(3), mask=None, descr=[("", "<f8")])
    del array.__cuda_array_interface__["strides"]
    assert MPI.Get_address(array) == array.array.ctypes.data
    with pytest.warns(RuntimeWarning, match="descr"):
        MPI.Get_address(CAI(np.zeros(3), descr=[("x", "<f4"), ("y", "<f4")]))
    for wrong in (None, [1]):
        array.__cuda_array_interface__ = wrong
        with pytest.raises(TypeError):
            MPI.Get_address(array)


def test_views_of_foreign_memory():
    array = np.arange(4, dtype="u1")
    view = MPI.buffer(DL(array))
    assert view.tobytes() == array.tobytes() and view[1] == 1
    assert view.toreadonly().readonly
    view[0] = 9
    assert array[0] == 9
    device = MPI.buffer(CAI(array))
    assert device.nbytes == 4 and device.address == array.ctypes.data
    for use in (
        device.tobytes,
        device.toreadonly().tobytes,
        device[1:].tobytes,
        lambda: device[0],
        lambda: list(device),
        lambda: device.__setitem__(0, 1),
        lambda: memoryview(device),
    ):
        with pytest.raises(BufferError, match="are a GPU's"):
            use()
    got = np.zeros(4, "u1")
    MPI.COMM_SELF.Sendrecv([device, MPI.BYTE], 0, 0, got, 0, 0)
    assert np.array_equal(got, array)


def test_memory_of_a_gpu_out_of_reach():
    for memory in (
        CAI(np.zeros(3), data=(64, False)),
        DL(np.lib.stride_tricks.as_strided(np.zeros(1), (3,), (8,)), device=GPU),
    ):
        if isinstance(memory, DL):
            memory.made.tensor.data = 64
        with pytest.raises(BufferError, match=r"24 bytes .* lie in a GPU"):
            MPI.COMM_SELF.Sendrecv(memory, 0, 0, np.zeros(3), 0, 0)
