# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Collectives on Python objects."""

import numpy as np
import pytest
from helpers import same
from mpi4py import MPI

ROOTS = range(MPI.COMM_WORLD.size)


def objects(rank):
    return [
        None,
        rank,
        rank * 0.5,
        f"rank {rank}",
        bytes([rank]) * 10,
        {"rank": rank, "list": list(range(rank))},
        np.full(rank, rank),
        np.full(20_000, rank),
        {"a": np.full(20_000 + rank, rank), "b": np.zeros(1)},
    ]


KINDS = range(len(objects(0)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("root", ROOTS)
def test_bcast(comm, kind, root):
    obj = objects(root)[kind] if comm.rank == root else None
    got = comm.bcast(obj, root)
    assert same(objects(root)[kind], got)
    if isinstance(obj, (dict, np.ndarray)):
        assert got is not obj


def test_bcast_without_an_object(comm):
    if comm.rank == 0:
        assert comm.bcast([1, 2], root=0) == [1, 2]
    else:
        assert comm.bcast(root=0) == [1, 2]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("root", ROOTS)
def test_gather_scatter(comm, kind, root):
    got = comm.gather(objects(comm.rank)[kind], root)
    if comm.rank == root:
        assert len(got) == comm.size
        assert all(same(objects(r)[kind], got[r]) for r in range(comm.size))
    else:
        assert got is None
    assert same(objects(comm.rank)[kind], comm.scatter(got, root=root))


@pytest.mark.parametrize("kind", KINDS)
def test_allgather_alltoall(comm, kind):
    got = comm.allgather(objects(comm.rank)[kind])
    assert all(same(objects(r)[kind], got[r]) for r in range(comm.size))
    got = comm.alltoall([(comm.rank, objects(r)[kind]) for r in range(comm.size)])
    for r, (source, obj) in enumerate(got):
        assert source == r and same(objects(comm.rank)[kind], obj)


def test_scatter_takes_any_sequence(comm):
    items = range(comm.size) if comm.rank == 0 else None
    assert comm.scatter(items) == comm.rank
    assert comm.scatter(None) is None
    assert comm.alltoall(None) == [None] * comm.size


def test_wrong_number_of_items(comm):
    self = MPI.COMM_SELF
    with pytest.raises(ValueError, match="expecting 1 items .* got 2"):
        self.scatter([1, 2])
    with pytest.raises(ValueError, match="expecting 1 items .* got 0"):
        self.alltoall([])
    with pytest.raises(TypeError):
        self.scatter(3)


@pytest.mark.parametrize("root", ROOTS)
def test_reduce(comm, root):
    size, rank = comm.size, comm.rank
    got = comm.reduce(rank, root=root)
    assert got == (sum(range(size)) if rank == root else None)
    got = comm.reduce([rank], MPI.SUM, root)
    assert got == (list(range(size)) if rank == root else None)
    got = comm.reduce(str(rank), op=lambda a, b: f"({a}{b})", root=root)
    if rank == root:
        want = "0"
        for r in range(1, size):
            want = f"({want}{r})"
        assert got == want


def test_allreduce(comm):
    size, rank = comm.size, comm.rank
    assert comm.allreduce(rank + 1) == sum(range(1, size + 1))
    assert comm.allreduce(rank + 0.5) == sum(r + 0.5 for r in range(size))
    assert comm.allreduce((rank,)) == tuple(range(size))
    assert comm.allreduce(rank, MPI.MAX) == size - 1
    assert comm.allreduce(rank, op=MPI.MIN) == 0
    assert comm.allreduce(rank, op=max) == size - 1
    assert np.array_equal(comm.allreduce(np.full(3, rank)), np.full(3, sum(range(size))))


OPS = {
    "SUM": lambda v: sum(v),
    "PROD": lambda v: int(np.prod(v)),
    "MAX": max,
    "MIN": min,
    "LAND": lambda v: all(v),
    "LOR": lambda v: any(v),
    "LXOR": lambda v: bool(sum(map(bool, v)) % 2),
    "BAND": lambda v: int(np.bitwise_and.reduce(v)),
    "BOR": lambda v: int(np.bitwise_or.reduce(v)),
    "BXOR": lambda v: int(np.bitwise_xor.reduce(v)),
    "REPLACE": lambda v: v[-1],
    "NO_OP": lambda v: v[0],
}


@pytest.mark.parametrize("name", OPS)
def test_every_operation(comm, name):
    size, rank = comm.size, comm.rank
    for values in ([r + 1 for r in range(size)], [r % 2 for r in range(size)], [0] * size):
        got = comm.allreduce(values[rank], getattr(MPI, name))
        want = OPS[name](values)
        if size == 1 and name[0] == "L":
            want = values[0]
        assert got == want
        got = comm.scan(values[rank], getattr(MPI, name))
        if rank > 0 or name[0] != "L":
            assert got == OPS[name](values[: rank + 1])


def test_locations(comm):
    size, rank = comm.size, comm.rank
    values = [(7 * r + 3) % 5 for r in range(size)]
    largest = max(range(size), key=lambda r: (values[r], -r))
    smallest = min(range(size), key=lambda r: (values[r], r))
    assert comm.allreduce((values[rank], rank), MPI.MAXLOC) == (values[largest], largest)
    assert comm.allreduce((values[rank], rank), MPI.MINLOC) == (values[smallest], smallest)
    assert comm.allreduce((1, rank), op=MPI.MAXLOC) == (1, 0)
    assert comm.allreduce([1, rank], op=MPI.MINLOC)[1] == 0


def test_scans(comm):
    rank = comm.rank
    assert comm.scan(rank + 1) == sum(range(rank + 2))
    assert comm.scan([rank]) == list(range(rank + 1))
    assert comm.exscan(rank + 1) == (None if rank == 0 else sum(range(rank + 1)))
    assert comm.exscan([rank], op=MPI.SUM) == (None if rank == 0 else list(range(rank)))
    assert comm.scan(str(rank), lambda a, b: a + b) == "".join(map(str, range(rank + 1)))


def test_operation_of_the_user(comm):
    op = MPI.Op.Create(lambda a, b, dt: a + b if dt is None else None)
    assert comm.allreduce([comm.rank], op) == list(range(comm.size))
    op.Free()


def test_wrong_operation(comm):
    with pytest.raises(TypeError, match="op must be"):
        comm.allreduce(1, op=3)
    with pytest.raises(ValueError):
        MPI.COMM_SELF.allreduce(1, MPI.OP_NULL) if comm.size == 0 else MPI.OP_NULL(1, 2)


def test_results_are_copies():
    obj = {"a": [1]}
    for got in (
        MPI.COMM_SELF.bcast(obj),
        MPI.COMM_SELF.gather(obj)[0],
        MPI.COMM_SELF.scatter([obj]),
        MPI.COMM_SELF.allgather(obj)[0],
        MPI.COMM_SELF.reduce(obj),
    ):
        assert got == obj and got is not obj and got["a"] is not obj["a"]


def test_one_large_among_small(comm):
    """Messages on both sides of what fits into a cell, and around its edge."""
    size, rank = comm.size, comm.rank
    for length in (0, 100, 111, 112, 113, 120, 121, 128, 1000, 100_000):
        for large in {0, size - 1}:
            text = "x" * length if rank == large else "y"
            want = ["x" * length if r == large else "y" for r in range(size)]
            assert comm.allgather(text) == want
            assert comm.allreduce(text) == "".join(want)
            assert comm.bcast(text, large) == "x" * length
            assert comm.gather(text, large) == (want if rank == large else None)
            assert comm.scan(text) == "".join(want[: rank + 1])


def test_large(comm):
    data = np.full(1_000_000, comm.rank)
    got = comm.allgather(data)
    assert all((got[r] == r).all() and got[r].flags.writeable for r in range(comm.size))
    got = comm.bcast(data if comm.rank == 0 else None)
    got += 1
    assert (got == 1).all()
