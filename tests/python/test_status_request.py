# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Statuses and requests."""

import pickle

import numpy as np
import pytest
from helpers import ring
from mpi4py import MPI


def test_new_status():
    status = MPI.Status()
    assert (status.source, status.tag, status.error) == (MPI.ANY_SOURCE, MPI.ANY_TAG, MPI.SUCCESS)
    assert status.Get_source() == MPI.ANY_SOURCE and status.Get_tag() == MPI.ANY_TAG
    assert status.Get_error() == 0 and status.count == 0 and not status.Is_cancelled()
    assert not status.cancelled


def test_status_fields():
    status = MPI.Status()
    status.source, status.tag, status.error = 1, 2, 3
    status.count = 16
    assert (status.source, status.tag, status.error) == (1, 2, 3)
    assert status.Get_count() == 16 and status.Get_count(MPI.INT) == 4
    assert status.Get_count(datatype=MPI.LONG_DOUBLE) == 1
    status.Set_source(4)
    status.Set_tag(tag=5)
    status.Set_error(6)
    status.Set_elements(MPI.INT, 7)
    assert (status.source, status.tag, status.error) == (4, 5, 6)
    assert status.Get_elements(MPI.INT) == 7 and status.count == 28
    status.count = 3
    assert status.Get_count(MPI.INT) == MPI.UNDEFINED
    status.Set_cancelled(True)
    assert status.cancelled and pickle.loads(pickle.dumps(status)).cancelled
    status.cancelled = False
    assert not status.Is_cancelled()
    for name in ("source", "count", "cancelled"):
        with pytest.raises(NotImplementedError):
            delattr(status, name)
    with pytest.raises(TypeError):
        status.source = "a"
    with pytest.raises(NotImplementedError):
        del status.tag
    assert len(status.tomemory()) == 8 and status.tomemory()[0] in (4, 5, 6)


def test_status_of_fortran():
    status = MPI.Status()
    status.source, status.tag, status.error, status.count = 3, 4, MPI.ERR_OTHER, 99
    ints = status.py2f()
    assert len(ints) == MPI.F_STATUS_SIZE and type(ints) is list
    assert [ints[i] for i in (MPI.F_SOURCE, MPI.F_TAG, MPI.F_ERROR)] == [3, 4, MPI.ERR_OTHER]
    again = MPI.Status.f2py(ints)
    assert again == status and again.count == 99
    for wrong, error in ((ints[:3], IndexError), (None, TypeError), (["a"] * 8, TypeError)):
        with pytest.raises(error):
            MPI.Status.f2py(wrong)


def test_status_copies():
    status = MPI.Status()
    status.source = 3
    status.count = 8
    copy = MPI.Status(status)
    assert copy == status and copy is not status and MPI.Status(None) != status
    assert pickle.loads(pickle.dumps(status)) == status
    assert status.__getstate__() == {
        "source": 3,
        "tag": MPI.ANY_TAG,
        "error": 0,
        "count": 8,
        "cancelled": False,
    }
    with pytest.raises(TypeError):
        hash(status)
    with pytest.raises(TypeError):
        MPI.Status(3)
    with pytest.raises(TypeError):
        assert status < copy


def test_null_request():
    null = MPI.Request()
    assert null == MPI.REQUEST_NULL and not null
    assert null.Wait() is True and null.Test() is True and null.Get_status() is True
    assert null.wait() is None and null.test() == (True, None) and null.get_status() is True
    with pytest.raises(MPI.Exception):
        null.Free()
    null.free()
    with pytest.raises(MPI.Exception):
        null.Cancel()
    assert pickle.loads(pickle.dumps(MPI.REQUEST_NULL)) is MPI.REQUEST_NULL
    assert pickle.loads(pickle.dumps(MPI.MESSAGE_NO_PROC)) is MPI.MESSAGE_NO_PROC
    assert isinstance(MPI.Prequest(), MPI.Request)


def test_nothing_to_wait_for():
    request = MPI.Request
    assert request.Waitall([]) is True and request.Testall([]) is True
    assert request.Waitany([]) == MPI.UNDEFINED
    assert request.Testany([]) == (MPI.UNDEFINED, True)
    assert request.Waitsome([]) is None and request.Testsome([]) is None
    assert request.waitall([]) == [] and request.testall([]) == (True, [])
    assert request.waitany([]) == (MPI.UNDEFINED, None)
    assert request.waitsome([]) == (None, None) and request.testsome([]) == (None, None)


def test_wait_and_test(comm):
    right, left = ring(comm)
    got, status = np.zeros(2), MPI.Status()
    receive = comm.Irecv(got, left, 1)
    assert receive.Get_status() in (True, False)
    send = comm.Isend(np.full(2, comm.rank, "d"), right, 1)
    while not receive.Get_status(status):
        pass
    assert receive != MPI.REQUEST_NULL and status.source == left
    assert receive.Wait(status) is True and receive == MPI.REQUEST_NULL
    assert status.count == 16 and (got == left).all()
    while not send.Test():
        pass
    assert send == MPI.REQUEST_NULL


def test_several(comm):
    right, left = ring(comm)
    count = 4

    def start():
        got = np.full(count, -1)
        receives = [comm.Irecv(got[t : t + 1], left, t) for t in range(count)]
        sends = [comm.Isend(np.array([t * 10]), right, t) for t in range(count)]
        return got, receives, sends

    got, receives, sends = start()
    statuses = []
    assert MPI.Request.Waitall(receives, statuses) is True
    assert [s.tag for s in statuses] == list(range(count))
    assert got.tolist() == [0, 10, 20, 30]
    statuses = [MPI.Status()] * 2
    MPI.Request.Waitall(sends, statuses)
    assert len(statuses) == count

    got, receives, sends = start()
    seen = set()
    status = MPI.Status()
    while len(seen) < count:
        index = MPI.Request.Waitany(receives, status)
        assert status.tag == index and receives[index] == MPI.REQUEST_NULL
        seen.add(index)
    assert MPI.Request.Waitany(receives) == MPI.UNDEFINED
    MPI.Request.Waitall(sends)

    got, receives, sends = start()
    seen = []
    while len(seen) < count:
        statuses = []
        some = MPI.Request.Waitsome(receives, statuses)
        assert [s.tag for s in statuses[: len(some)]] == some
        seen += some
    assert sorted(seen) == list(range(count))
    assert MPI.Request.Waitsome(receives) is None
    while not MPI.Request.Testall(sends):
        pass

    got, receives, sends = start()
    seen = []
    while len(seen) < count:
        index, flag = MPI.Request.Testany(receives, status)
        if flag:
            seen.append(index)
    seen = []
    while len(seen) < count:
        seen += MPI.Request.Testsome(sends) or []
    assert sorted(seen) == list(range(count))


def test_tuples_and_mixed_requests(comm):
    right, left = ring(comm)
    got = np.zeros(1, int)
    requests = (comm.Irecv(got, left, 1), comm.irecv(source=left, tag=2), MPI.Request())
    comm.Isend(np.array([5]), right, 1)
    comm.isend("obj", right, 2)
    assert MPI.Request.waitall(requests) == [None, "obj", None]
    assert got == 5


def test_cancel(comm):
    got = np.zeros(1)
    request = comm.Irecv(got, comm.rank, 99)
    request.Cancel()
    status = MPI.Status()
    request.Wait(status)
    assert status.Is_cancelled() and status.cancelled


def test_free_lets_the_operation_finish(comm):
    right, left = ring(comm)
    data = np.full(100_000, comm.rank)
    request = comm.Isend(data, right, 1)
    request.Free()
    assert request == MPI.REQUEST_NULL
    del data
    np.full(100_000, -1)
    got = np.zeros(100_000, int)
    comm.Recv(got, left, 1)
    assert (got == left).all()


def test_errors_name_the_request(comm):
    with pytest.raises(TypeError, match=r"requests\[1\]"):
        MPI.Request.Waitall([MPI.Request(), 3])
    with pytest.raises(TypeError, match="status"):
        MPI.Request().Wait(3)
    with pytest.raises(TypeError):
        MPI.Request.Waitall(3)


def test_truncation(comm):
    right, left = ring(comm)
    request = comm.Isend(np.arange(10.0), right, 1)
    with pytest.raises(MPI.Exception) as caught:
        comm.Recv(np.zeros(5), left, 1)
    assert caught.value.Get_error_class() == MPI.ERR_TRUNCATE
    request.Wait()
    receive = comm.Irecv(np.zeros(5), left, 2)
    request = comm.Isend(np.arange(10.0), right, 2)
    with pytest.raises(MPI.Exception) as caught:
        receive.Wait()
    assert caught.value.Get_error_class() == MPI.ERR_TRUNCATE
    request.Wait()


def test_handles(comm):
    request = comm.Irecv(np.zeros(1), comm.rank, 1)
    other = MPI.Request.fromhandle(request.handle)
    assert other == request and isinstance(other, MPI.Request)
    comm.Send(np.zeros(1), comm.rank, 1)
    other.Wait()
    with pytest.raises(TypeError):
        hash(request)
    assert isinstance(MPI.Prequest.fromhandle(MPI.REQUEST_NULL.handle), MPI.Prequest)
    del request


def test_get_status_of_several(comm):
    Request = MPI.Request
    null = MPI.REQUEST_NULL
    assert Request.Get_status_any([]) == Request.Get_status_any([null]) == (MPI.UNDEFINED, True)
    status = MPI.Status()
    status.source, status.tag = 3, 4
    Request.Get_status_any([null], status)
    assert (status.source, status.tag) == (MPI.ANY_SOURCE, MPI.ANY_TAG)
    assert Request.Get_status_all([null]) and Request.Get_status_some([null, null]) is None
    later = comm.irecv(source=comm.rank, tag=2)
    done = comm.irecv(source=comm.rank, tag=1)
    sent = comm.isend("x", comm.rank, 1)
    comm.Iprobe()
    sent.wait()
    requests = [null, later, done]
    status, statuses = MPI.Status(), []
    assert Request.Get_status_any([null, later]) == (MPI.UNDEFINED, False)
    assert Request.Get_status_any(requests, status) == (2, True) and status.tag == 1
    assert not Request.Get_status_all(requests) and Request.Get_status_some([later]) == []
    assert Request.get_status_some(requests, statuses) == [2]
    assert [s.tag for s in statuses] == [1]
    assert later and done and done.wait() == "x"  # they stayed
    comm.send("y", comm.rank, 2)
    assert Request.get_status_all(requests=[null, later], statuses=statuses)
    assert [s.tag for s in statuses] == [MPI.ANY_TAG, 2]
    assert later.wait() == "y"


def test_predefined_message_stays(comm):
    for _ in range(2):
        assert MPI.MESSAGE_NO_PROC.recv() is None
        MPI.MESSAGE_NO_PROC.Recv(bytearray(3))
        assert MPI.MESSAGE_NO_PROC.irecv().wait() is None
        assert MPI.MESSAGE_NO_PROC.Irecv(bytearray(3)).Wait()
        assert comm.mprobe(MPI.PROC_NULL) == MPI.MESSAGE_NO_PROC != MPI.MESSAGE_NULL
