# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Messages from and into buffers."""

import array

import numpy as np
import pytest
from helpers import ring
from mpi4py import MPI

TYPES = "bhilqBHILQfdgFDG?"


@pytest.mark.parametrize("code", TYPES)
def test_send_every_type(comm, code):
    right, left = ring(comm)
    data = np.arange(7).astype(code)
    got = np.zeros(7, code)
    request = comm.Isend(data, right, 3)
    status = MPI.Status()
    comm.Recv(got, left, 3, status)
    request.Wait()
    assert (got == data).all()
    assert (status.source, status.tag) == (left, 3)
    assert status.Get_count(MPI.Datatype.fromcode(code)) == 7
    assert status.count == got.nbytes


@pytest.mark.parametrize("name", ["Send", "Ssend", "Rsend", "Bsend"])
def test_blocking_sends(comm, name):
    right, left = ring(comm)
    data, got = np.full(5, comm.rank, "i"), np.zeros(5, "i")
    if name == "Bsend":
        MPI.Attach_buffer(bytearray(1000 + MPI.BSEND_OVERHEAD))
    request = comm.Irecv(got, left, 1)
    comm.Barrier()
    getattr(comm, name)(data, right, 1)
    request.Wait()
    if name == "Bsend":
        MPI.Detach_buffer()
    assert (got == left).all()


@pytest.mark.parametrize("name", ["Isend", "Issend", "Irsend", "Ibsend"])
def test_started_sends(comm, name):
    right, left = ring(comm)
    data, got = np.full(5, comm.rank, "d"), np.zeros(5)
    if name == "Ibsend":
        MPI.Attach_buffer(bytearray(1000 + MPI.BSEND_OVERHEAD))
    receive = comm.Irecv(got, source=left, tag=1)
    comm.Barrier()
    send = getattr(comm, name)(data, dest=right, tag=1)
    assert isinstance(send, MPI.Request)
    MPI.Request.Waitall([send, receive])
    assert send == MPI.REQUEST_NULL and not receive
    if name == "Ibsend":
        MPI.Detach_buffer()
    assert (got == left).all()


SPECS = [
    lambda a: a,
    lambda a: [a, MPI.DOUBLE],
    lambda a: (a, "d"),
    lambda a: [a, 6],
    lambda a: [a, 6, MPI.DOUBLE],
    lambda a: [a, (6, 0), MPI.DOUBLE],
    lambda a: [a, 6, 0, MPI.DOUBLE],
    lambda a: [a, None, MPI.DOUBLE],
    lambda a: [a, a.nbytes, MPI.BYTE],
    lambda a: memoryview(a),
    lambda a: [memoryview(a).cast("B"), MPI.BYTE],
    lambda a: MPI.buffer(a),
]


@pytest.mark.parametrize("spec", SPECS)
def test_ways_to_name_a_buffer(comm, spec):
    right, left = ring(comm)
    data, got = np.arange(6.0) + comm.rank, np.zeros(6)
    request = comm.Isend(spec(data), right)
    comm.Recv([got, 6, MPI.DOUBLE] if isinstance(spec(data), list) else got, left)
    request.Wait()
    assert (got == np.arange(6.0) + left).all()


def test_displacement(comm):
    right, left = ring(comm)
    data, got = np.arange(10), np.zeros(10, int)
    request = comm.Isend([data, 3, 4, MPI.LONG], right)
    comm.Recv([got, (3, 2), MPI.LONG], left)
    request.Wait()
    assert got.tolist() == [0, 0, 4, 5, 6, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("data", "got"),
    [
        (b"abcdef", bytearray(6)),
        (bytearray(b"abcdef"), bytearray(6)),
        (array.array("i", [1, 2, 3]), array.array("i", [0] * 3)),
        (memoryview(b"xyz"), memoryview(bytearray(3))),
    ],
)
def test_any_buffer(comm, data, got):
    request = comm.Isend(data, comm.rank)
    comm.Recv(got, comm.rank)
    request.Wait()
    assert bytes(got) == bytes(data)


def test_fortran_order_and_dimensions(comm):
    right, left = ring(comm)
    data = np.asfortranarray(np.arange(24.0).reshape(2, 3, 4))
    got = np.zeros((2, 3, 4), order="F")
    request = comm.Isend(data, right)
    comm.Recv(got, left)
    request.Wait()
    assert (got == data).all()
    zero = np.array(4.5)
    one = np.zeros(())
    request = comm.Isend(zero, right)
    comm.Recv(one, left)
    request.Wait()
    assert one == 4.5


def test_empty_messages(comm):
    right, left = ring(comm)
    status = MPI.Status()
    for empty in (np.zeros(0), np.zeros((3, 0)), b"", [None, 0, MPI.INT], [MPI.BOTTOM, 0, MPI.INT]):
        request = comm.Isend(empty, right)
        comm.Recv(bytearray(1), left, status=status)
        request.Wait()
        assert status.count == 0


def test_proc_null_takes_anything(comm):
    status = MPI.Status()
    comm.Send(None, MPI.PROC_NULL)
    comm.Send([1, 2, 3], MPI.PROC_NULL)
    comm.Recv(None, MPI.PROC_NULL, status=status)
    assert status.source == MPI.PROC_NULL
    assert comm.Isend(None, MPI.PROC_NULL).Wait()
    comm.Sendrecv(None, MPI.PROC_NULL, 0, None, MPI.PROC_NULL)


def test_sendrecv(comm):
    right, left = ring(comm)
    data, got, status = np.full(4, comm.rank), np.zeros(4, int), MPI.Status()
    comm.Sendrecv(data, right, 1, got, left, 1, status)
    assert (got == left).all() and status.source == left
    comm.Sendrecv(sendbuf=data, dest=left, sendtag=2, recvbuf=got, source=right, recvtag=2)
    assert (got == right).all()
    comm.Sendrecv_replace(data, dest=right, sendtag=3, source=left, recvtag=3, status=status)
    assert (data == left).all() and status.tag == 3


def test_wildcards_keep_order(comm):
    if comm.rank == 0:
        seen = []
        got, status = np.zeros(1, int), MPI.Status()
        for _ in range(5 * (comm.size - 1)):
            comm.Recv(got, MPI.ANY_SOURCE, MPI.ANY_TAG, status)
            seen.append((status.source, status.tag, int(got[0])))
        for source in range(1, comm.size):
            assert [s[1:] for s in seen if s[0] == source] == [(t, t) for t in range(5)]
    else:
        for tag in range(5):
            comm.Send(np.array([tag]), 0, tag)


def test_probe(comm):
    right, left = ring(comm)
    status = MPI.Status()
    request = comm.Isend(np.arange(5, dtype="i"), right, 9)
    assert comm.Probe(left, 9, status) is True
    assert status.Get_count(MPI.INT) == 5 and status.Get_elements(MPI.INT) == 5
    assert comm.Iprobe(source=left, tag=9) is True
    got = np.zeros(5, "i")
    comm.Recv(got, left, 9)
    request.Wait()
    assert comm.Iprobe(left, 9) is False


def test_matched_probe(comm):
    right, left = ring(comm)
    status = MPI.Status()
    data, got = np.arange(5.0), np.zeros(5)
    for message in (
        lambda: comm.Mprobe(left, 1, status),
        lambda: MPI.Message.Probe(comm, left, 1, status),
    ):
        request = comm.Isend(data, right, 1)
        matched = message()
        assert matched and matched != MPI.MESSAGE_NULL and status.Get_count(MPI.DOUBLE) == 5
        assert comm.Improbe(left, 1) is None
        got[:] = 0
        matched.Recv(got, status)
        assert matched == MPI.MESSAGE_NULL
        request.Wait()
        assert (got == data).all()
        comm.Barrier()
    request = comm.Isend(data, right, 1)
    matched = None
    while matched is None:
        matched = MPI.Message.Iprobe(comm, left, 1)
    got[:] = 0
    matched.Irecv(got).Wait()
    request.Wait()
    assert (got == data).all()
    nobody = comm.Mprobe(MPI.PROC_NULL)
    assert nobody == MPI.MESSAGE_NO_PROC
    nobody.Recv(None)


@pytest.mark.parametrize("bytes_", [8, 4096, 70_000, 3_000_000, 20_000_000])
def test_sizes(comm, bytes_):
    right, left = ring(comm)
    data = np.frombuffer(np.random.default_rng(comm.rank).bytes(bytes_), "u1")
    want = np.frombuffer(np.random.default_rng(left).bytes(bytes_), "u1")
    got = np.zeros(bytes_, "u1")
    comm.Sendrecv(data, right, 0, got, left, 0)
    assert (got == want).all()


def test_dropped_requests_keep_their_buffers(comm):
    right, left = ring(comm)
    count, length = 50, 60_000
    for i in range(count):
        comm.Isend(np.full(length, i, "i"), right, 5)
    for i in range(count):
        np.full(length, -1, "i")  # takes the memory of an array that nobody kept
        got = np.zeros(length, "i")
        comm.Recv(got, left, 5)
        assert (got == i).all()


def test_dropped_receive(comm):
    right, left = ring(comm)
    got = np.zeros(1000, "i")
    comm.Irecv(got, left, 6)
    comm.Send(np.full(1000, comm.rank, "i"), right, 6)
    comm.Barrier()
    while (got != left).any():
        comm.Iprobe()


def test_bytearray_cannot_be_resized_while_sent(comm):
    right, left = ring(comm)
    data = bytearray(200_000)
    request = comm.Issend(data, right)
    with pytest.raises(BufferError):
        data.extend(b"x")
    comm.Recv(bytearray(200_000), left)
    request.Wait()
    data.extend(b"x")


def test_self_messages():
    comm = MPI.COMM_SELF
    got = np.zeros(3)
    request = comm.Irecv(got, 0)
    comm.Send(np.ones(3), 0)
    request.Wait()
    assert (got == 1).all()
