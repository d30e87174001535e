# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Several Python threads of a rank in MPI at once."""

import threading

import numpy as np
from mpi4py import MPI


def traffic(comm, thread, rounds=40):
    """Arrays and objects around the ring, with tags of this thread's own."""
    right, left = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size
    rng = np.random.default_rng(thread)  # the same sizes on every rank
    for i in range(rounds):
        size = 100_000 if i % 20 == 7 else int(rng.integers(0, 3000))
        mark = thread * 1000 + i
        got = np.empty(size, "i4")
        request = comm.Isend(np.full(size, mark, "i4"), right, thread)
        comm.Recv(got, left, thread)
        request.Wait()
        assert (got == mark).all()
        later = comm.irecv(source=left, tag=100 + thread)
        comm.send({"mark": mark, "array": got[:5]}, right, 100 + thread)
        assert later.wait()["mark"] == mark
        message = (mark, "x" * size)
        assert comm.sendrecv(message, right, 200 + thread, None, left, 200 + thread) == message


def run_threads(target, count):
    """Run target(0), target(1), ... at once; this thread is one of them."""
    failures = []

    def guarded(thread):
        try:
            target(thread)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(1, count)]
    for thread in threads:
        thread.start()
    guarded(0)
    for thread in threads:
        thread.join()
    assert not failures


def test_messages(comm):
    assert MPI.Query_thread() == MPI.THREAD_MULTIPLE
    run_threads(lambda thread: traffic(comm, thread), 4)


def test_collectives_of_their_own(comm):
    comms = [comm.Dup() for _ in range(3)]

    def reduce(thread):
        mine = comms[thread]
        for i in range(30):
            assert mine.allreduce(i + thread) == (i + thread) * mine.size
            got = np.empty(100)
            mine.Allreduce(np.full(100, float(i)), got)
            assert (got == i * mine.size).all()
            assert mine.bcast([thread, i] if mine.rank == 0 else None) == [thread, i]

    run_threads(reduce, 3)
    for made in comms:
        made.Free()


def test_wildcards_of_two_receivers(comm):
    """Each message is received once, whichever thread gets it."""
    count, got = 50, [[], []]

    def receive(thread):
        for _ in range(count):
            got[thread].append(comm.recv(source=comm.rank, tag=5))

    def send_then_receive(thread):
        if thread == 2:
            for i in range(2 * count):
                comm.send(i, comm.rank, 5)
        else:
            receive(thread)

    run_threads(send_then_receive, 3)
    assert sorted(got[0] + got[1]) == list(range(2 * count))
    assert got[0] == sorted(got[0]) and got[1] == sorted(got[1])
