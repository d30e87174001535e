# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Communicators, error handlers, info."""

import contextlib
import copy
import pickle
import weakref

import numpy as np
import pytest
from mpi4py import MPI

WORLD = MPI.COMM_WORLD


def test_world_and_self():
    assert WORLD.rank == WORLD.Get_rank() and WORLD.size == WORLD.Get_size()
    assert (MPI.COMM_SELF.rank, MPI.COMM_SELF.size) == (0, 1)
    assert type(WORLD) is MPI.Intracomm and isinstance(WORLD, MPI.Comm)
    assert WORLD.name == "MPI_COMM_WORLD" and MPI.COMM_SELF.Get_name() == "MPI_COMM_SELF"
    assert WORLD.Is_intra() and WORLD.is_intra and not WORLD.Is_inter() and not WORLD.is_inter
    assert not MPI.COMM_NULL and WORLD


def test_dup_is_apart():
    for make in (WORLD.Dup, WORLD.Clone, lambda: WORLD.Dup(MPI.INFO_NULL), lambda: WORLD.Dup(None)):
        other = make()
        assert other != WORLD and WORLD.Compare(other) == MPI.CONGRUENT
        request = WORLD.isend("world", WORLD.rank, 1)
        assert not other.iprobe(WORLD.rank, 1)
        assert WORLD.recv(source=WORLD.rank, tag=1) == "world"
        request.wait()
        other.Free()
        assert other == MPI.COMM_NULL


def test_split(comm):
    part = comm.Split(comm.rank % 2, -comm.rank)
    members = [r for r in range(comm.size) if r % 2 == comm.rank % 2][::-1]
    assert part.size == len(members) and members[part.rank] == comm.rank
    assert part.allgather(comm.rank) == members
    part.Free()
    nobody = comm.Split(MPI.UNDEFINED if comm.rank == 0 else 1)
    assert (nobody == MPI.COMM_NULL) == (comm.rank == 0)
    nobody.free()
    same = comm.Split(color=0, key=0)
    assert comm.Compare(same) == MPI.CONGRUENT
    same.free()


def test_create(comm):
    group = comm.Get_group().Incl(range((comm.size + 1) // 2))
    made = comm.Create(group)
    inside = group.rank != MPI.UNDEFINED
    assert bool(made) == inside
    if inside:
        assert made.size == group.size
        assert made.allreduce(1) == group.size
        made.Free()
        made = comm.Create_group(group, 5)
        assert made.group.Compare(group) == MPI.IDENT
        made.Free()


def test_names(comm):
    comm.Set_name("größe")
    assert comm.Get_name() == "größe"
    comm.name = "other"
    assert comm.name == "other"
    with pytest.raises(TypeError):
        comm.name = 3


def test_errhandlers(comm):
    assert WORLD.Get_errhandler() == MPI.ERRORS_RETURN
    assert comm.Get_errhandler() == MPI.ERRORS_RETURN
    comm.Set_errhandler(MPI.ERRORS_ARE_FATAL)
    assert comm.Get_errhandler() == MPI.ERRORS_ARE_FATAL
    comm.Set_errhandler(MPI.ERRORS_RETURN)
    comm.Call_errhandler(MPI.ERR_OTHER)
    seen = []
    handler = MPI.Comm.Create_errhandler(lambda c, code: seen.append((c, code)))
    assert isinstance(handler, MPI.Errhandler) and handler
    comm.Set_errhandler(handler)
    handler.Free()
    assert not handler
    comm.Call_errhandler(MPI.ERR_ARG)
    with contextlib.suppress(MPI.Exception):  # engines differ in what follows a handler
        comm.Send(np.zeros(1), comm.size + 5)
    assert [c == comm for c, _ in seen] == [True, True]
    assert seen[0][1] == MPI.ERR_ARG
    assert MPI.Get_error_class(seen[1][1]) == MPI.ERR_RANK
    comm.Set_errhandler(MPI.ERRORS_RETURN)
    with pytest.raises(AttributeError):
        MPI.Comm.Create_errhandler(3)


def test_handles():
    assert WORLD == MPI.COMM_WORLD and MPI.COMM_SELF != WORLD and WORLD != 3
    with pytest.raises(TypeError):
        hash(WORLD)
    with pytest.raises(TypeError):
        assert WORLD < MPI.COMM_SELF
    assert type(MPI.Comm.fromhandle(WORLD.handle)) is MPI.Intracomm
    assert MPI.Comm.fromhandle(WORLD.handle) == WORLD
    assert MPI._handleof(WORLD) == WORLD.handle
    assert MPI._sizeof(WORLD) == MPI._sizeof(MPI.Comm) == 8 and MPI._addressof(WORLD) != 0
    status = MPI.Status()
    assert MPI._handleof(status) == MPI._addressof(status)
    assert MPI._sizeof(status) == MPI._sizeof(MPI.Status) == 32
    for wrong in (None, int):
        with pytest.raises(TypeError, match="expecting an MPI object"):
            MPI._sizeof(wrong)
    assert weakref.ref(WORLD)() is WORLD
    for name in ("COMM_NULL", "COMM_SELF", "COMM_WORLD"):
        comm = getattr(MPI, name)
        assert pickle.loads(pickle.dumps(comm)) is comm
        assert copy.copy(comm) is comm
    again = MPI.Intracomm(WORLD)
    assert again is not WORLD and again == WORLD
    assert pickle.loads(pickle.dumps(again)) == WORLD
    dup = WORLD.Dup()
    with pytest.raises(ValueError, match="serialize"):
        pickle.dumps(dup)
    dup.Free()


def test_subclasses():
    class Mine(MPI.Intracomm):
        def __new__(cls, comm=None, label=""):
            self = super().__new__(cls, comm)
            self.label = label
            return self

    mine = Mine(WORLD, "x")
    assert mine.label == "x" and mine == WORLD and mine.size == WORLD.size
    assert mine.allreduce(1) == WORLD.size
    dup = mine.Dup()
    assert type(dup) is Mine
    assert type(dup.Split()) is MPI.Intracomm
    dup.Free()
    assert Mine() == MPI.COMM_NULL
    with pytest.raises(TypeError):
        MPI.Intracomm(MPI.GROUP_EMPTY)


def test_null_handle():
    for call in (
        lambda: MPI.COMM_NULL.size,
        lambda: MPI.COMM_NULL.Barrier(),
        lambda: MPI.COMM_NULL.Send(np.zeros(1), 0),
        lambda: MPI.COMM_NULL.bcast(1),
        lambda: MPI.COMM_NULL.Dup(),
    ):
        with pytest.raises(MPI.Exception) as caught:
            call()
        assert caught.value.Get_error_class() == MPI.ERR_COMM


def test_predefined_cannot_be_freed():
    with pytest.raises(MPI.Exception):
        WORLD.Free()
    WORLD.free()
    assert WORLD and WORLD.size > 0


def test_types_cannot_be_changed():
    with pytest.raises(TypeError):
        MPI.Comm.extra = 1
    with pytest.raises(AttributeError):
        WORLD.extra = 1
    with pytest.raises(AttributeError):
        WORLD.rank = 1


def test_info():
    info = MPI.Info.Create({"a": "1"})
    info.Set("b", "2")
    assert (info.Get("a"), info.Get("c")) == ("1", None)
    assert info.Get_nkeys() == len(info) == 2
    assert info.Get_nthkey(0) in ("a", "b")
    assert sorted(info) == sorted(info.keys()) == ["a", "b"]
    assert sorted(info.values()) == ["1", "2"] and dict(info.items()) == {"a": "1", "b": "2"}
    assert "a" in info and "c" not in info and info["a"] == "1" and info.get("c", "d") == "d"
    info["c"] = "3"
    del info["a"]
    assert dict(info) == {"b": "2", "c": "3"}
    with pytest.raises(KeyError):
        info["a"]
    with pytest.raises(KeyError):
        del info["a"]
    info.update({"x": "y"}, z="w")
    assert info.pop("x") == "y" and info.pop("x", "none") == "none"
    with pytest.raises(KeyError):
        info.pop("x")
    same = info.Dup()
    assert dict(same) == dict(info) and same != info
    again = pickle.loads(pickle.dumps(info))
    assert dict(again) == dict(info)
    key, value = info.popitem()
    assert same[key] == value
    info.clear()
    assert len(info) == 0
    with pytest.raises(KeyError):
        info.popitem()
    long = "v" * 1000
    info.Set("long", long)
    assert info.Get("long") == long
    info.Delete("long")
    with pytest.raises(MPI.Exception):
        info.Delete("long")
    for i in (info, same, again):
        i.Free()
        assert i == MPI.INFO_NULL
    assert dict(MPI.Info.Create([("k", "v")])) == {"k": "v"}


def test_null_info():
    null = MPI.Info()
    assert null == MPI.INFO_NULL and not null and len(null) == 0 and null.keys() == []
    assert "a" not in null and null.get("a") is None and null.copy() == MPI.INFO_NULL
    with pytest.raises(KeyError):
        null["a"]
    with pytest.raises(KeyError):
        null["a"] = "b"
    with pytest.raises(KeyError):
        null.update({"a": "b"})
    with pytest.raises(MPI.Exception):
        null.Get_nkeys()
    with pytest.raises(TypeError):
        MPI.Info.Create({"a": 3})
    assert pickle.loads(pickle.dumps(MPI.INFO_NULL)) is MPI.INFO_NULL
    assert isinstance(MPI.INFO_ENV.Get_nkeys(), int)
