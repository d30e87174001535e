# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Collectives on buffers."""

import os
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from mpi4py import MPI

ROOTS = range(MPI.COMM_WORLD.size)


def test_barrier(comm):
    for _ in range(20):
        comm.Barrier()
    assert comm.barrier() is None


@pytest.mark.parametrize("root", ROOTS)
def test_bcast(comm, root):
    for count in (0, 1, 10, 100_000):
        data = np.arange(count) if comm.rank == root else np.full(count, -1)
        comm.Bcast(data, root)
        assert (data == np.arange(count)).all()
    data = bytearray(b"abc" if comm.rank == root else b"xyz")
    comm.Bcast([data, MPI.BYTE], root=root)
    assert data == b"abc"
    fixed = np.arange(3.0)
    fixed.flags.writeable = comm.rank != root
    comm.Bcast(fixed, root)


@pytest.mark.parametrize("root", ROOTS)
def test_gather_scatter(comm, root):
    size, rank = comm.size, comm.rank
    mine = np.full(3, rank)
    whole = np.zeros((size, 3), int) if rank == root else None
    comm.Gather(mine, whole, root)
    if rank == root:
        assert (whole == np.arange(size)[:, None]).all()
        whole *= 2
    back = np.zeros(3, int)
    comm.Scatter(whole, back, root=root)
    assert (back == 2 * rank).all()
    comm.Gather([mine, 1, MPI.LONG], [whole, 1, MPI.LONG] if rank == root else None, root)
    if rank == root:
        assert whole.ravel()[:size].tolist() == list(range(size))


def test_gather_scatter_in_place(comm):
    size, rank = comm.size, comm.rank
    whole = np.zeros(size, int)
    whole[rank] = rank
    if rank == 0:
        comm.Gather(MPI.IN_PLACE, whole)
        assert (whole == np.arange(size)).all()
        comm.Scatter(whole, MPI.IN_PLACE)
    else:
        comm.Gather(np.array([rank]), None)
        got = np.zeros(1, int)
        comm.Scatter(None, got)
        assert got == rank


@pytest.mark.parametrize("root", ROOTS)
def test_gatherv_scatterv(comm, root):
    size, rank = comm.size, comm.rank
    counts = [r + 1 for r in range(size)]
    total = sum(counts)
    mine = np.full(rank + 1, rank)
    want = np.repeat(np.arange(size), counts)
    whole = np.zeros(total, int) if rank == root else None
    comm.Gatherv(mine, [whole, counts, MPI.LONG] if rank == root else None, root)
    if rank == root:
        assert (whole == want).all()
    displs = [sum(counts[:r]) for r in range(size)]
    for spec in (
        [whole, counts],
        (whole, (counts, displs)),
        [whole, counts, displs, MPI.LONG],
        [whole, np.array(counts), np.array(displs), "l"],
        [whole, tuple(counts), None, MPI.LONG],
    ):
        got = np.full(rank + 1, -1)
        comm.Scatterv(spec if rank == root else None, got, root)
        assert (got == rank).all()


def test_scatterv_divides_evenly_by_itself(comm):
    size, rank = comm.size, comm.rank
    data = np.arange(2 * size + 1) if rank == 0 else None
    got = np.full(3 if rank == 0 else 2, -1)
    comm.Scatterv(data, got)
    start = 2 * rank + (rank > 0)
    assert got.tolist() == list(range(start, start + len(got)))


def test_allgather(comm):
    size, rank = comm.size, comm.rank
    whole = np.zeros((size, 2))
    comm.Allgather(np.full(2, rank, "d"), whole)
    assert (whole == np.arange(size)[:, None]).all()
    whole[:] = -1
    whole[rank] = rank
    comm.Allgather(MPI.IN_PLACE, whole)
    assert (whole == np.arange(size)[:, None]).all()


def test_allgatherv(comm):
    size, rank = comm.size, comm.rank
    counts = np.arange(size) + 1
    whole = np.zeros(counts.sum(), "i")
    comm.Allgatherv(np.full(rank + 1, rank, "i"), [whole, counts])
    assert (whole == np.repeat(np.arange(size), counts)).all()
    displs = np.concatenate([[0], np.cumsum(counts)[:-1]])
    whole[:] = -1
    whole[displs[rank] : displs[rank] + rank + 1] = rank
    comm.Allgatherv(None, [whole, (counts, displs), MPI.INT])
    assert (whole == np.repeat(np.arange(size), counts)).all()


def test_alltoall(comm):
    size, rank = comm.size, comm.rank
    send = np.arange(size) + 100 * rank
    got = np.zeros(size, int)
    comm.Alltoall(send, got)
    assert (got == 100 * np.arange(size) + rank).all()
    comm.Alltoall(MPI.IN_PLACE, send)
    assert (send == got).all()


def test_alltoallv(comm):
    size, rank = comm.size, comm.rank
    counts = [(rank + r) % 3 for r in range(size)]
    send = np.repeat(np.arange(size) + 10 * rank, counts)
    got = np.zeros(sum(counts), int)
    comm.Alltoallv([send, counts], [got, counts])
    assert (got == np.repeat(10 * np.arange(size) + rank, counts)).all()


def test_alltoallw(comm):
    size, rank = comm.size, comm.rank
    send = np.arange(size, dtype="i") + 100 * rank
    got = np.zeros(size, "i")
    ones, displs = [1] * size, [4 * r for r in range(size)]
    types = [MPI.INT] * size
    comm.Alltoallw([send, (ones, displs), types], [got, ones, displs, types])
    assert (got == 100 * np.arange(size) + rank).all()
    comm.Alltoallw(MPI.IN_PLACE, [send, ones, displs, types])
    assert (send == got).all()


def test_alltoallw_without_counts():
    for message in ([b"abc", None, None, [MPI.CHAR]], [b"abc", (None, None), [MPI.CHAR]]):
        got = bytearray(3)
        MPI.COMM_SELF.Alltoallw(message, [got, [MPI.CHAR]])
        assert got == b"a\0\0"


@pytest.mark.parametrize("root", ROOTS)
def test_reduce(comm, root):
    size, rank = comm.size, comm.rank
    got = np.zeros(4) if rank == root else None
    comm.Reduce(np.arange(4.0) * rank, got, MPI.SUM, root)
    if rank == root:
        assert (got == np.arange(4) * sum(range(size))).all()
        got[:] = rank
        comm.Reduce(MPI.IN_PLACE, got, op=MPI.MAX, root=root)
        assert (got == size - 1).all()
    else:
        comm.Reduce(np.full(4, rank, "d"), None, op=MPI.MAX, root=root)


def test_allreduce(comm):
    size, rank = comm.size, comm.rank
    got = np.zeros(3, int)
    comm.Allreduce(np.full(3, rank), got)
    assert (got == sum(range(size))).all()
    data = np.full(3, rank + 1)
    comm.Allreduce(MPI.IN_PLACE, data, MPI.PROD)
    assert (data == np.prod(np.arange(size) + 1)).all()
    comm.Allreduce(data, data, op=MPI.MIN)
    big = np.ones(300_000)
    comm.Allreduce(MPI.IN_PLACE, big)
    assert (big == size).all()


def test_scans(comm):
    rank = comm.rank
    got = np.full(2, -1)
    comm.Scan(np.full(2, rank + 1), got)
    assert (got == sum(range(rank + 2))).all()
    got[:] = -1
    comm.Exscan(np.full(2, rank + 1), got)
    assert rank == 0 or (got == sum(range(rank + 1))).all()
    comm.Scan(MPI.IN_PLACE, np.ones(2), op=MPI.MAX)


def test_reduce_scatter(comm):
    size, rank = comm.size, comm.rank
    got = np.zeros(2, int)
    comm.Reduce_scatter_block(np.repeat(np.arange(size), 2) + rank, got)
    assert (got == size * rank + sum(range(size))).all()
    data = np.repeat(np.arange(size), 2) + rank
    comm.Reduce_scatter_block(MPI.IN_PLACE, data)
    assert (data[:2] == size * rank + sum(range(size))).all()
    counts = [r + 1 for r in range(size)]
    send = np.repeat(np.arange(size), counts) + rank
    want = size * rank + sum(range(size))
    for told in (counts, None):
        got = np.zeros(rank + 1, int)
        comm.Reduce_scatter(send, got, told)
        assert (got == want).all()
    comm.Reduce_scatter(MPI.IN_PLACE, send, counts, MPI.SUM)
    assert (send[: rank + 1] == want).all()


def test_disagreeing_buffers(comm):
    with pytest.raises(ValueError, match="send count 2 and receive count 3"):
        comm.Allreduce(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="datatypes"):
        comm.Allreduce(np.zeros(2), np.zeros(2, "i"))
    with pytest.raises(ValueError, match=r"sum\(counts\)"):
        comm.Reduce_scatter(np.zeros(2), np.zeros(1), [5] * comm.size)
    if comm.size > 1:
        with pytest.raises(ValueError, match=f"blocks {comm.size}"):
            comm.Allgather(np.zeros(1), np.zeros(comm.size + 1))
    with pytest.raises(ValueError, match="one for each rank"):
        comm.Allgatherv(np.zeros(1), [np.zeros(9), [1] * (comm.size + 1)])


# Random collectives against NumPy: all ranks draw the same numbers.

SEED = int(os.environ.get("MUSTER_TEST_SEED", "0")) or random.SystemRandom().randrange(1 << 30)
SEED = MPI.COMM_WORLD.bcast(SEED, 0)
EXAMPLES = int(os.environ.get("MUSTER_TEST_EXAMPLES", "60"))
CODES = "bhilqBHILQfdFD"
WHOLE = set("bhilqBHILQ")
REDUCTIONS = {
    "SUM": np.add,
    "PROD": np.multiply,
    "MAX": np.maximum,
    "MIN": np.minimum,
    "BAND": np.bitwise_and,
    "BOR": np.bitwise_or,
    "BXOR": np.bitwise_xor,
    "LAND": lambda a, b: (a.astype(bool) & b.astype(bool)).astype(a.dtype),
    "LOR": lambda a, b: (a.astype(bool) | b.astype(bool)).astype(a.dtype),
    "LXOR": lambda a, b: (a.astype(bool) ^ b.astype(bool)).astype(a.dtype),
}


def allowed(op, code):
    if code in WHOLE:
        return True
    return op in (("SUM", "PROD") if code in "FD" else ("SUM", "PROD", "MAX", "MIN"))


random_collective = seed(SEED)
relaxed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=False,
    suppress_health_check=list(HealthCheck),
)
counts_ = st.one_of(st.integers(0, 40), st.sampled_from([1000, 5000, 70_000]))
draws = st.integers(0, 1 << 30)


def inputs(number, code, count):
    """What each rank contributes: small values, so that every order gives the same sum."""
    comm = MPI.COMM_WORLD
    rng = np.random.default_rng(number)
    data = rng.integers(0, 4, (comm.size, count))
    return data.astype(code)


@random_collective
@relaxed
@given(number=draws, count=counts_, code=st.sampled_from(CODES), root=draws)
def test_random_data_movement(number, count, code, root):
    comm = MPI.COMM_WORLD
    size, rank = comm.size, comm.rank
    root %= size
    data = inputs(number, code, count)
    mine = data[rank].copy()
    got = data[root].copy() if rank == root else np.zeros(count, code)
    comm.Bcast(got, root)
    assert (got == data[root]).all()
    whole = np.zeros((size, count), code) if rank == root else None
    comm.Gather(mine, whole, root)
    assert rank != root or (whole == data).all()
    got = np.zeros(count, code)
    comm.Scatter(whole, got, root)
    assert (got == mine).all()
    whole = np.zeros((size, count), code)
    comm.Allgather(mine, whole)
    assert (whole == data).all()
    per_rank = inputs(number, code, size * 3)
    got = np.zeros(size * 3, code)
    comm.Alltoall(per_rank[rank].copy(), got)
    assert (got.reshape(size, 3) == per_rank.reshape(size, size, 3)[:, rank]).all()


@random_collective
@relaxed
@given(number=draws, code=st.sampled_from(CODES), root=draws, gap=st.integers(0, 3))
def test_random_vectors(number, code, root, gap):
    comm = MPI.COMM_WORLD
    size, rank = comm.size, comm.rank
    root %= size
    rng = np.random.default_rng(number)
    counts = rng.integers(0, 50, size)
    displs = np.concatenate([[0], np.cumsum(counts + gap)[:-1]])
    data = [rng.integers(0, 4, c).astype(code) for c in counts]
    whole = np.zeros(displs[-1] + counts[-1], code)
    comm.Gatherv(data[rank], [whole, counts, displs, code] if rank == root else None, root)
    want = np.zeros_like(whole)
    for c, d, part in zip(counts, displs, data, strict=True):
        want[d : d + c] = part
    if rank == root:
        assert (whole == want).all()
    got = np.zeros(counts[rank], code)
    comm.Scatterv([want, counts, displs, code] if rank == root else None, got, root)
    assert (got == data[rank]).all()
    whole[:] = 0
    comm.Allgatherv(data[rank], [whole, (counts, displs), code])
    assert (whole == want).all()
    table = rng.integers(0, 9, (size, size))
    values = rng.integers(0, 4, (size, size, 9)).astype(code)
    send = np.concatenate([values[rank, r, : table[rank, r]] for r in range(size)])
    got = np.zeros(table[:, rank].sum(), code)
    comm.Alltoallv([send, table[rank]], [got, table[:, rank]])
    want = np.concatenate([values[r, rank, : table[r, rank]] for r in range(size)])
    assert (got == want).all()


@random_collective
@relaxed
@given(
    number=draws,
    count=counts_,
    code=st.sampled_from(CODES),
    op=st.sampled_from(sorted(REDUCTIONS)),
    root=draws,
    in_place=st.booleans(),
)
def test_random_reductions(number, count, code, op, root, in_place):
    if not allowed(op, code):
        return
    comm = MPI.COMM_WORLD
    size, rank = comm.size, comm.rank
    root %= size
    data = inputs(number, code, count)
    mpi_op, combine = getattr(MPI, op), REDUCTIONS[op]
    prefixes = [data[0]]
    for r in range(1, size):
        prefixes.append(combine(prefixes[-1], data[r]).astype(code))
    if size == 1 and op in ("LAND", "LOR", "LXOR"):
        data = prefixes = [data[0].astype(bool).astype(code)]
    mine = data[rank].copy()

    def call(method, *rest):
        got = mine.copy() if in_place else np.zeros(count, code)
        method(MPI.IN_PLACE if in_place else mine, got, mpi_op, *rest)
        return got

    assert (call(comm.Allreduce) == prefixes[-1]).all()
    if rank == root:
        assert (call(comm.Reduce, root) == prefixes[-1]).all()
    else:
        comm.Reduce(mine, None, mpi_op, root)
    if rank > 0 or op not in ("LAND", "LOR", "LXOR"):
        assert (call(comm.Scan) == prefixes[rank]).all()
    else:
        call(comm.Scan)
    got = call(comm.Exscan)
    if rank > 1 or (rank == 1 and op not in ("LAND", "LOR", "LXOR")):
        assert (got == prefixes[rank - 1]).all()
    blocks = inputs(number + 1, code, size * 5)
    want = blocks[0]
    for r in range(1, size):
        want = combine(want, blocks[r]).astype(code)
    if size == 1:
        return
    got = np.zeros(5, code)
    comm.Reduce_scatter_block(blocks[rank].copy(), got, mpi_op)
    assert (got == want.reshape(size, 5)[rank]).all()
