# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Groups."""

import pickle

import pytest
from mpi4py import MPI


@pytest.fixture
def world():
    group = MPI.COMM_WORLD.Get_group()
    yield group
    group.Free()


def test_size_and_rank(world, rank, size):
    assert (world.size, world.rank) == (size, rank)
    assert (world.Get_size(), world.Get_rank()) == (size, rank)
    assert MPI.GROUP_EMPTY.size == 0 and MPI.GROUP_EMPTY.rank == MPI.UNDEFINED


def test_compare(world):
    same = world.Dup()
    assert world.Compare(same) == MPI.IDENT
    assert world.Compare(MPI.GROUP_EMPTY) == MPI.UNEQUAL
    same.Free()
    assert same == MPI.GROUP_NULL and not same


def test_incl_excl(world, size):
    backwards = world.Incl(range(size - 1, -1, -1))
    assert world.Compare(backwards) == (MPI.SIMILAR if size > 1 else MPI.IDENT)
    assert backwards.Translate_ranks([0], world) == [size - 1]
    assert world.Excl(list(range(size))) == MPI.GROUP_EMPTY
    assert world.Excl([]).Compare(world) == MPI.IDENT
    evens = world.Range_incl([(0, size - 1, 2)])
    odds = world.Range_excl([(0, size - 1, 2)])
    assert evens.size == (size + 1) // 2 and odds.size == size // 2


def test_sets(world, size):
    low = world.Incl(range((size + 1) // 2))
    high = world.Incl(range(size // 2, size))
    assert MPI.Group.Union(low, high).Compare(world) in (MPI.IDENT, MPI.SIMILAR)
    assert MPI.Group.Intersection(low, high).size == low.size + high.size - size
    assert MPI.Group.Intersect(low, high).size == low.size + high.size - size
    assert MPI.Group.Difference(world, low).size == size - low.size


def test_translate(world, size):
    assert world.Translate_ranks() == list(range(size))
    assert world.Translate_ranks(None, world) == list(range(size))
    assert world.Translate_ranks([0], MPI.GROUP_EMPTY) == [MPI.UNDEFINED]
    assert world.Translate_ranks([MPI.PROC_NULL]) == [MPI.PROC_NULL]
    assert world.Translate_ranks(ranks=[], group=world) == []


def test_handles(world):
    assert pickle.loads(pickle.dumps(MPI.GROUP_EMPTY)) is MPI.GROUP_EMPTY
    with pytest.raises(ValueError, match="serialize"):
        pickle.dumps(world)
    assert MPI.Group.fromhandle(world.handle) == world
    assert MPI.Group(world) == world and MPI.Group() == MPI.GROUP_NULL
    MPI.GROUP_EMPTY.free()
    assert MPI.GROUP_EMPTY != MPI.GROUP_NULL


def test_wrong(world, size):
    for call in (
        lambda: world.Incl([size]),
        lambda: MPI.GROUP_NULL.size,
        lambda: MPI.GROUP_NULL.Dup(),
        lambda: world.Range_incl([(0, size, 1)]),
    ):
        with pytest.raises(MPI.Exception):
            call()
    with pytest.raises(TypeError):
        world.Compare(MPI.COMM_WORLD)
    with pytest.raises(TypeError):
        world.Incl(["a"])
    with pytest.raises((TypeError, ValueError)):
        world.Range_incl([(0, 1)])


def test_subclass(world):
    class Mine(MPI.Group):
        pass

    mine = Mine(world)
    assert isinstance(mine.Dup(), Mine) and isinstance(mine.Incl([0]), Mine)
    assert isinstance(Mine.Union(world, world), Mine)


def test_wrong_ranges():
    group = MPI.COMM_WORLD.Get_group()
    for bad in ([(0, 0)], [()], [(0, 0, 1, 1)]):
        with pytest.raises(ValueError, match="first, last, stride"):
            group.Range_incl(bad)
    for bad in ([0, 0, 1], [("a", 0, 1)], 3):
        with pytest.raises(TypeError):
            group.Range_excl(bad)
    with pytest.raises(TypeError):
        group.Incl([0.0])
    group.Free()
