# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Messages with Python objects."""

import collections
import pickle
import threading

import numpy as np
import pytest
from helpers import ring, same
from mpi4py import MPI

Point = collections.namedtuple("Point", "x y")


OBJECTS = [
    None,
    True,
    0,
    -1,
    2**62,
    -(2**63),
    2**63,
    10**100,
    1.5,
    float("inf"),
    2 + 3j,
    "",
    "abc",
    "größer \U0001f600",
    "\udc80 alone",
    "x" * 300,
    b"",
    b"abc\0def",
    b"y" * 100_000,
    bytearray(b"abc"),
    (),
    (1, "a", None),
    [1, [2, [3]]],
    {"a": 1, (1, 2): [3.5]},
    {1, 2},
    range(5),
    Point(1, 2),
    np.float64(2.5),
    np.arange(3),
    np.zeros(1),
    np.zeros(0),
    np.array(7.0),
    np.zeros((2, 0, 3)),
    np.arange(24, dtype="f4").reshape(2, 3, 4),
    np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    np.arange(20)[::3],
    np.arange(5, dtype=">i4"),
    np.array(["ab", "c"]),
    np.array([b"ab", b"c"]),
    np.array([None, 1, "x"], dtype=object),
    np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")]),
    np.array(["2020-01-01"], dtype="M8[D]"),
    np.arange(100_000.0),
    {"big": np.arange(200_000), "small": np.ones(3), "text": "t"},
    [np.full(30_000, i) for i in range(4)],
]


@pytest.mark.parametrize("index", range(len(OBJECTS)))
def test_every_kind_of_object(comm, index):
    right, left = ring(comm)
    obj = OBJECTS[index]
    request = comm.isend(obj, right, index)
    status = MPI.Status()
    got = comm.recv(source=left, tag=index, status=status)
    assert request.wait() is None
    assert same(obj, got), (obj, got)
    assert (status.source, status.tag) == (left, index)
    assert same(obj, comm.sendrecv(obj, right, 1, None, left, 1))


@pytest.mark.parametrize("index", range(len(OBJECTS)))
def test_irecv_of_every_kind(comm, index):
    right, left = ring(comm)
    obj = OBJECTS[index]
    request = comm.irecv(source=left, tag=index)
    comm.send(obj, right, index)
    assert same(obj, request.wait())
    assert not request


@pytest.mark.parametrize("code", "?bBhHiIlLqQfdgFDGe")
@pytest.mark.parametrize("order", "CF")
def test_arrays_of_every_type(comm, code, order):
    right, left = ring(comm)
    for shape in ((3, 5), (200, 300)):
        data = np.arange(shape[0] * shape[1]).reshape(shape, order=order).astype(code, order=order)
        got = comm.sendrecv(data, right, source=left)
        assert got.dtype == data.dtype and got.dtype.char == data.dtype.char
        assert np.array_equal(data, got)
        assert got.flags.f_contiguous == data.flags.f_contiguous
        assert got.flags.writeable
        got[0, 0] = 0


def test_received_arrays_can_be_written_and_keep_their_memory(comm):
    right, left = ring(comm)
    kept = []
    for i in range(10):
        obj = {"a": np.full(50_000, i), "b": np.full(10, i)}
        got = comm.sendrecv(obj, right, source=left)
        got["a"][0] += 1
        got["b"][0] += 1
        kept.append(got)
    for i, got in enumerate(kept):
        assert got["a"][0] == i + 1 and (got["a"][1:] == i).all()
        assert got["b"][0] == i + 1 and (got["b"][1:] == i).all()


def test_readonly_arrays_stay_readonly(comm):
    data = np.arange(50_000)
    data.flags.writeable = False
    got = comm.sendrecv([data], comm.rank, source=comm.rank)[0]
    assert not got.flags.writeable


@pytest.mark.parametrize("name", ["send", "ssend", "bsend", "isend", "issend", "ibsend"])
def test_ways_to_send(comm, name):
    right, left = ring(comm)
    obj = {"rank": comm.rank}
    if "b" in name:
        MPI.Attach_buffer(bytearray(10_000 + MPI.BSEND_OVERHEAD))
    receive = comm.irecv(None, left, 4)
    result = getattr(comm, name)(obj, dest=right, tag=4)
    if result is not None:
        assert result.wait() is None
    assert receive.wait() == {"rank": left}
    if "b" in name:
        MPI.Detach_buffer()


@pytest.mark.parametrize("bytes_", [1 << 16, 1 << 20, (4 << 20) + 1, 40 << 20])
def test_large_objects(comm, bytes_):
    right, left = ring(comm)
    data = np.frombuffer(np.random.default_rng(comm.rank).bytes(bytes_), "u1")
    want = np.frombuffer(np.random.default_rng(left).bytes(bytes_), "u1")
    got = comm.sendrecv(data, right, source=left)
    assert np.array_equal(got, want)
    got = comm.sendrecv(data.tobytes(), right, source=left)
    assert got == want.tobytes()
    request = comm.irecv(source=left)
    comm.isend({"x": data}, right)
    assert np.array_equal(request.wait()["x"], want)


def test_receives_match_in_the_order_they_were_started(comm):
    right, left = ring(comm)
    requests = [comm.irecv(source=left, tag=1) for _ in range(5)]
    other = comm.irecv(source=left, tag=2)
    sent = [comm.isend(("one", i), right, 1) for i in range(6)]
    sent.append(comm.isend("two", right, 2))
    assert comm.recv(source=left, tag=1) == ("one", 5)
    assert other.wait() == "two"
    assert MPI.Request.waitall(requests) == [("one", i) for i in range(5)]
    assert MPI.Request.waitall(sent) == [None] * 7


def test_wildcard_receives(comm):
    if comm.rank == 0:
        requests = [comm.irecv() for _ in range(3 * (comm.size - 1))]
        statuses = [MPI.Status() for _ in requests]
        got = MPI.Request.waitall(requests, statuses)
        for obj, status in zip(got, statuses, strict=True):
            assert obj == [status.source, status.tag]
        assert sorted(map(tuple, got)) == [(s, t) for s in range(1, comm.size) for t in range(3)]
    else:
        for tag in range(3):
            comm.send([comm.rank, tag], 0, tag)


def test_many_receives_at_once(comm):
    right, left = ring(comm)
    count = 300
    requests = [comm.irecv(source=left, tag=i) for i in range(count)]
    for i in reversed(range(count)):
        comm.send(i if i % 3 else np.full(i * 10, i), right, i)
    for i, got in enumerate(MPI.Request.waitall(requests)):
        assert same(got, i if i % 3 else np.full(i * 10, i))


def test_thousands_of_receives_at_once():
    """More than the address space has room for at full size."""
    comm = MPI.COMM_SELF
    count = 8000
    requests = [comm.irecv(source=0, tag=i) for i in range(count)]
    sent = [comm.isend(i, 0, i) for i in range(count)]
    assert MPI.Request.waitall(requests) == list(range(count))
    MPI.Request.waitall(sent)


def test_test_any_some(comm):
    right, left = ring(comm)
    request = comm.irecv(source=left, tag=3)
    flag, got = request.test()
    assert flag or got is None
    comm.send("x", right, 3)
    while not flag:
        flag, got = request.test()
    assert got == "x"
    requests = [comm.irecv(source=left, tag=t) for t in range(3)]
    comm.send("b", right, 1)
    index, got = MPI.Request.waitany(requests)
    assert (index, got) == (1, "b")
    comm.Barrier()
    comm.send("a", right, 0)
    indices, got = MPI.Request.waitsome(requests)
    assert (indices, got) == ([0], ["a"])
    comm.Barrier()
    comm.send("c", right, 2)
    flag = False
    while not flag:
        index, flag, got = MPI.Request.testany(requests)
    assert (index, got) == (2, "c")
    assert MPI.Request.waitany(requests) == (MPI.UNDEFINED, None)
    assert MPI.Request.waitsome(requests) == (None, None)
    assert MPI.Request.testany(requests) == (MPI.UNDEFINED, True, None)
    requests = [comm.irecv(source=left, tag=t) for t in range(2)]
    flag, got = MPI.Request.testall(requests)
    assert flag or got is None
    comm.send("d", right, 0)
    comm.send("e", right, 1)
    while not flag:
        flag, got = MPI.Request.testall(requests)
    assert got == ["d", "e"]


def test_dropped_requests(comm):
    right, left = ring(comm)
    for i in range(40):
        comm.isend([i, np.full(20_000, i)], right, 2)
    for i in range(40):
        got = comm.recv(source=left, tag=2)
        assert got[0] == i and (got[1] == i).all()


def test_dropped_irecv_takes_its_message(comm):
    right, left = ring(comm)
    comm.irecv(source=left, tag=1)
    comm.send("lost", right, 1)
    request = comm.isend("found", right, 1)
    assert comm.recv(source=left, tag=1) == "found"
    request.wait()


def test_cancelled_irecv(comm):
    request = comm.irecv(source=comm.rank, tag=77)
    request.cancel()
    status = MPI.Status()
    assert request.wait(status) is None
    assert status.Is_cancelled()


def test_proc_null(comm):
    comm.send(1, MPI.PROC_NULL)
    status = MPI.Status()
    assert comm.recv(source=MPI.PROC_NULL, status=status) is None
    assert status.source == MPI.PROC_NULL
    assert comm.irecv(source=MPI.PROC_NULL).wait() is None
    assert comm.isend(lambda: 0, MPI.PROC_NULL).wait() is None
    assert comm.sendrecv(1, MPI.PROC_NULL, source=MPI.PROC_NULL) is None
    assert comm.mprobe(MPI.PROC_NULL).recv() is None


def test_probe_and_matched(comm):
    right, left = ring(comm)
    status = MPI.Status()
    comm.isend("p", right, 1)
    assert comm.probe(left, 1, status) is True and status.tag == 1
    assert comm.iprobe(left, 1) is True
    assert comm.recv(source=left, tag=1) == "p"
    for obj in ("q", np.arange(100_000.0)):
        comm.isend(obj, right, 2)
        message = comm.mprobe(left, 2)
        assert same(message.recv(status), obj) and status.source == left
        comm.isend(obj, right, 3)
        message = None
        while message is None:
            message = comm.improbe(left, 3)
        assert same(message.irecv().wait(), obj)
    comm.isend("r", right, 4)
    assert MPI.Message.probe(comm, left, 4).recv() == "r"
    assert MPI.Message.iprobe(comm, left, 4) is None


def test_buffer_argument_never_limits(comm):
    right, left = ring(comm)
    big = {"a": np.arange(1000)}
    for buf in (bytearray(10), bytearray(100_000), 10):
        comm.isend(big, right, 1)
        with pytest.warns(UserWarning, match="deprecated"):
            assert same(comm.recv(buf, left, 1), big)
        request = comm.irecv(buf, left, 1)
        comm.send(big, right, 1)
        assert same(request.wait(), big)


def test_received_bytes_reach_the_buffer(comm):
    right, left = ring(comm)
    obj = [1, 2, 3]
    buf = bytearray(1000)
    request = comm.irecv(buf, left, 1)
    comm.send(obj, right, 1)
    assert request.wait() == obj
    assert pickle.loads(buf) == obj


def test_plain_objects_are_plain_pickles(comm):
    right, left = ring(comm)
    request = comm.isend({"a": [1, 2]}, right, 1)
    buf = bytearray(1000)
    comm.Recv(buf, left, 1)
    request.wait()
    assert pickle.loads(buf) == {"a": [1, 2]}
    comm.Isend(pickle.dumps((1, "x"), 0), right, 2)
    assert comm.recv(source=left, tag=2) == (1, "x")


def test_empty_message_is_none(comm):
    right, left = ring(comm)
    comm.Isend(b"", right, 1)
    assert comm.recv(source=left, tag=1) is None


@pytest.fixture
def restore_pickle():
    yield MPI.pickle
    MPI.pickle.__init__()


def test_protocol_of_the_user(comm, restore_pickle):
    right, left = ring(comm)
    for protocol in (0, 1, 2, 4):
        restore_pickle.PROTOCOL = protocol
        assert MPI.pickle.PROTOCOL == protocol
        for obj in (7, "abc", np.arange(3)):
            request = comm.isend(obj, right, 1)
            status = MPI.Status()
            assert same(comm.recv(source=left, tag=1, status=status), obj)
            assert status.count == len(pickle.dumps(obj, protocol))
            request.wait()


def test_functions_of_the_user(comm, restore_pickle):
    import json

    right, left = ring(comm)
    restore_pickle.__init__(
        lambda obj: json.dumps(obj).encode(), lambda data: json.loads(bytes(data))
    )
    assert MPI.pickle.PROTOCOL is None
    request = comm.isend([1, "a", None], right, 1)
    assert comm.recv(source=left, tag=1) == [1, "a", None]
    request.wait()
    request = comm.isend({"x": 1}, right, 1)
    buf = bytearray(8)
    comm.Recv(buf, left, 1)
    request.wait()
    assert buf == b'{"x": 1}'
    assert comm.bcast([comm.rank], 0) == [0]
    assert comm.allgather(comm.rank) == list(range(comm.size))


def test_pickle_class():
    own = MPI.Pickle(protocol=2)
    assert own.PROTOCOL == 2 and own.loads(own.dumps([1])) == [1]
    assert own.dumps([1]) == pickle.dumps([1], 2)
    assert MPI.pickle.PROTOCOL == pickle.HIGHEST_PROTOCOL
    assert MPI.pickle.THRESHOLD == 1 << 18
    big, small = np.arange(100_000), np.arange(10)
    stream, buffers = MPI.pickle.dumps_oob([big, small])
    assert len(buffers) == 1 and isinstance(buffers[0], MPI.buffer)
    got = MPI.pickle.loads_oob(stream, buffers)
    assert same(got, [big, small])


def test_copies_of_a_request(comm):
    class Mine(MPI.Request):
        pass

    right, left = ring(comm)
    receive = Mine(comm.irecv(source=left, tag=1))
    send = Mine(comm.isend(np.full(100_000, comm.rank), right, 1))
    assert isinstance(receive, Mine) and receive
    got = receive.wait()
    send.wait()
    assert (got == left).all()


def test_threads_have_their_own_messages(comm):
    assert MPI.Query_thread() == MPI.THREAD_MULTIPLE
    right, left = ring(comm)
    wrong = []

    def work(tag):
        for i in range(30):
            obj = (tag, i, np.full(3000, i))
            request = comm.isend(obj, right, tag)
            if not same(comm.recv(source=left, tag=tag), obj):
                wrong.append((tag, i))
            request.wait()

    threads = [threading.Thread(target=work, args=(tag,)) for tag in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_error_inside_pickling_sends_nothing(comm):
    class Bad:
        def __reduce__(self):
            raise ZeroDivisionError("no")

    with pytest.raises(ZeroDivisionError):
        comm.send(Bad(), comm.rank)
    with pytest.raises(ZeroDivisionError):
        comm.isend([Bad()], comm.rank)
    assert not comm.iprobe(comm.rank)
