# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Mistakes, and what the messages say about them."""

import fractions
import pickle

import numpy as np
import pytest
from alone import on_rank_0, run_alone
from mpi4py import MPI


def says(caught, *words):
    text = str(caught.value)
    for word in words:
        assert word in text, (word, text)


@pytest.mark.parametrize("data", [[1, 2, 3], [1, 2], (1, 2, 3, 4), 5, "abc", {1}, [[1], 2]])
def test_object_where_a_buffer_is_needed(comm, data):
    with pytest.raises(TypeError) as caught:
        comm.Send(data, dest=comm.rank)
    says(caught, "Send()", "send()", "numpy.array")


@pytest.mark.parametrize("data", [[1, 2, 3, 4, 5], [], [1]])
def test_list_of_the_wrong_length(comm, data):
    with pytest.raises(ValueError) as caught:
        comm.Send(data, dest=comm.rank)
    says(caught, "Send()", f"got {len(data)}", "send()", "numpy.array")


def test_the_method_is_named(comm):
    for name in ("Isend", "Ssend", "Bcast", "Allreduce"):
        method = getattr(comm, name)
        with pytest.raises(TypeError) as caught:
            method([1, 2, 3], np.zeros(3)) if name == "Allreduce" else method([1, 2, 3], comm.rank)
        says(caught, f"{name}()", f"{name[0].lower()}{name[1:]}()")
    with pytest.raises(TypeError) as caught:
        comm.Recv([1, 2, 3], comm.rank)
    says(caught, "Recv()", "recv()")


def test_receive_without_a_buffer(comm):
    for call in (comm.Recv, lambda: comm.Recv(source=0)):
        with pytest.raises(TypeError) as caught:
            call()
        says(caught, "numpy.empty", "comm.recv(source=0)")


@on_rank_0
@pytest.mark.parametrize("name", ["rank", "size", "name"])
def test_attribute_of_communicators_in_the_module(name):
    with pytest.raises(AttributeError) as caught:
        getattr(MPI, name)
    says(caught, f"write comm.{name} with comm = MPI.COMM_WORLD")
    assert f"{name}()" not in str(caught.value)


@on_rank_0
def test_first_tutorial():
    program = """
from mpi4py import MPI
comm = MPI.COMM_WORLD
data = [1, 2, 3, 4, 5]
for call in (lambda: comm.Send(data, dest=0), lambda: comm.Recv(source=0),
             lambda: MPI.Barrier(), lambda: MPI.Reduce(), lambda: MPI.Gather()):
    try:
        call()
    except (TypeError, ValueError, AttributeError) as error:
        print(type(error).__name__, error)
"""
    done = run_alone("-c", program)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 5, done
    for line, words in zip(
        lines,
        (
            ("ValueError", "send()"),
            ("TypeError", "comm.recv(source=0)"),
            ("AttributeError", "comm.Barrier()"),
            ("AttributeError", "comm.Reduce()"),
            ("AttributeError", "comm.Gather()"),
        ),
        strict=True,
    ):
        assert all(word in line for word in words), line


def test_no_mpi_type(comm):
    for data, error in (
        (np.array([None]), KeyError),
        (np.array(["abc"]), KeyError),
        (np.zeros(2, [("a", "i4"), ("b", "f8")]), KeyError),
    ):
        with pytest.raises(error) as caught:
            comm.Send(data, comm.rank)
        says(caught, str(data.dtype).split("'")[0][:6], "astype")
    with pytest.raises(BufferError) as caught:
        comm.Send(np.zeros(2, "M8[s]"), comm.rank)
    says(caught, "astype")
    with pytest.raises(BufferError) as caught:
        comm.Send(np.zeros(2, ">f8"), comm.rank)
    says(caught, ">d", "byte order")
    with pytest.raises(KeyError) as caught:
        comm.Send([np.zeros(2), "zz"], comm.rank)
    says(caught, "zz", "MPI.DOUBLE")
    with pytest.raises(KeyError):
        comm.Send([None, 1], comm.rank)


def test_not_contiguous(comm):
    data = np.zeros((4, 6))
    for method, args in ((comm.Send, (comm.rank,)), (comm.Recv, (comm.rank,)), (comm.Bcast, ())):
        with pytest.raises(BufferError) as caught:
            method(data[:, ::2], *args)
        says(caught, "numpy.ascontiguousarray", "(4, 3)", "(48, 16)")
    with pytest.raises(BufferError) as caught:
        comm.Send(memoryview(b"abcdef")[::2], comm.rank)
    says(caught, "not contiguous")


def test_read_only(comm):
    fixed = np.zeros(3)
    fixed.flags.writeable = False
    for data in (fixed, b"abc", memoryview(b"abc")):
        with pytest.raises(BufferError) as caught:
            comm.Recv(data, comm.rank)
        says(caught, "read-only", "bytearray")
        with pytest.raises(BufferError):
            comm.Irecv(data, comm.rank)


def test_wrong_counts(comm):
    data = np.zeros(4)
    for spec, words in (
        ([data, -1], ("negative count -1",)),
        ([data, 1, -2, "d"], ("negative displacement -2",)),
        ([data, 1, 5, "d"], ("displacement 5 out of bounds", "4")),
        ([None, 3, "d"], ("None but count is 3",)),
        ([bytearray(9), MPI.INT], ("9 is not a multiple", "4")),
        ([data, (1, 2, 3), "d"], ("got 3",)),
        ([data, MPI.DATATYPE_NULL], ("null",)),
    ):
        with pytest.raises(ValueError) as caught:
            comm.Isend(spec, comm.rank)
        says(caught, "Isend()", *words)


def test_truncation_tells_both_sizes(comm):
    request = comm.Isend(np.zeros(10), comm.rank, 1)
    with pytest.raises(MPI.Exception) as caught:
        comm.Recv(np.zeros(5), comm.rank, 1)
    request.Wait()
    assert caught.value.Get_error_class() == MPI.ERR_TRUNCATE
    says(caught, "80", "40")


def test_rank_out_of_range(comm):
    for method in (comm.Send, comm.send):
        with pytest.raises(MPI.Exception) as caught:
            method(np.zeros(1), comm.size + 98)
        assert caught.value.Get_error_class() == MPI.ERR_RANK
        says(caught, str(comm.size + 98))


def test_object_received_where_an_array_was_sent(comm):
    for data in (np.zeros(5), np.arange(5), b"hello", np.full(9, 0.1), np.full(4, 0xD7, "u1")):
        request = comm.Isend(data, comm.rank, 17)
        with pytest.raises(pickle.UnpicklingError) as caught:
            comm.recv(source=comm.rank, tag=17)
        request.Wait()
        size = memoryview(data).nbytes
        says(caught, "Recv()", f"rank {comm.rank}", "tag 17", f"{size} bytes")
        assert caught.value.__cause__ is not None


def test_damaged_headers_are_errors(comm):
    rng = np.random.default_rng(comm.rank)
    for kind in range(8):
        for length in (8, 9, 16, 24, 40, 64, 72, 200):
            data = bytearray(b"\xd7M\x01" + bytes([kind]) + rng.bytes(length - 4))
            if kind in (1, 2, 3, 4):
                data[8:] = b"\xff" * (length - 8) if length != 16 else b"\xff" * 9
            request = comm.Isend(data, comm.rank, 3)
            try:
                comm.recv(source=comm.rank, tag=3)
            except (pickle.UnpicklingError, UnicodeDecodeError):
                pass
            else:
                assert kind in (1, 2, 4) or (kind == 3 and length == 8)
            request.Wait()


def test_errors_inside_unpickling_stay(comm):
    class Gone:
        pass

    Gone.__qualname__ = "Gone"
    globals()["Gone"] = Gone
    data = pickle.dumps(Gone())
    del globals()["Gone"]
    request = comm.Isend(data, comm.rank, 1)
    with pytest.raises(AttributeError, match="Gone"):
        comm.recv(source=comm.rank, tag=1)
    request.Wait()


def test_arguments(comm):
    data = np.zeros(1)
    for call, words in (
        (lambda: comm.Send(), ("Send()", "buf")),
        (lambda: comm.Send(data), ("Send()", "dest")),
        (lambda: comm.Send(data, 0, 0, 0), ("Send()", "4 given")),
        (lambda: comm.Send(data, 0, foo=1), ("Send()", "foo")),
        (lambda: comm.Send(data, 0, dest=1), ("Send()", "dest")),
        (lambda: comm.Send(data, "a"), ("Send()", "dest", "str")),
        (lambda: comm.Send(data, None), ("Send()", "dest")),
        (lambda: comm.Send(data, 0, "1"), ("Send()", "tag")),
        (lambda: comm.Recv(data, 0, 0, 3), ("Recv()", "status")),
        (lambda: comm.Reduce(data, data, 3), ("Reduce()", "op")),
        (lambda: comm.bcast(1, "a"), ("bcast()", "root")),
        (lambda: comm.Get_size(1), ("Get_size()",)),
    ):
        with pytest.raises(TypeError) as caught:
            call()
        says(caught, *words)
    with pytest.raises(OverflowError) as caught:
        comm.Send(data, 1 << 40)
    says(caught, "dest", str(1 << 40))
    with pytest.raises(OverflowError):
        comm.Send(data, 1 << 80)


@pytest.mark.parametrize("number", [float, np.float32, np.int16, fractions.Fraction])
def test_numbers_are_ranks(comm, number):
    request = comm.isend("x", number(comm.rank))
    assert comm.recv(source=number(comm.rank)) == "x"
    request.wait()
    request = comm.isend("y", comm.rank + 0.5, 7.9)  # as int() has it
    assert comm.recv(source=comm.rank, tag=7) == "y"
    request.wait()
    with pytest.raises(ValueError, match="NaN"):
        comm.Iprobe(float("nan"))
    with pytest.raises(OverflowError):
        comm.Iprobe(float("inf"))


def test_exception():
    error = MPI.Exception(MPI.ERR_RANK)
    assert int(error) == MPI.ERR_RANK == error == error.Get_error_code() == error.error_code
    assert error.Get_error_class() == error.error_class == MPI.ERR_RANK
    assert str(error) == error.Get_error_string() == error.error_string != ""
    assert str(error) == MPI.Get_error_string(MPI.ERR_RANK)
    assert repr(error) == f"MPI.Exception({MPI.ERR_RANK})"
    assert hash(error) == hash(MPI.ERR_RANK) and error and not MPI.Exception()
    assert error == MPI.Exception(MPI.ERR_RANK) != MPI.Exception(MPI.ERR_TAG)
    assert MPI.Exception(1) < MPI.Exception(2) <= 2 and MPI.Exception(3) > 2 >= MPI.Exception(2)
    assert MPI.Exception(-5) == MPI.ERR_UNKNOWN
    assert isinstance(error, RuntimeError) and error.args == (MPI.ERR_RANK,)
    with pytest.raises(TypeError):
        MPI.Exception("a")
    with pytest.raises(TypeError):
        MPI.Exception(1, 2)


def test_raised_exceptions_travel(comm):
    with pytest.raises(MPI.Exception) as caught:
        comm.Send(np.zeros(1), comm.size + 3)
    error = pickle.loads(pickle.dumps(caught.value))
    assert error == caught.value and str(error) == str(caught.value)


def test_error_codes_of_the_user():
    cls = MPI.Add_error_class()
    code = MPI.Add_error_code(cls)
    MPI.Add_error_string(cls, "a class")
    MPI.Add_error_string(code, "a code")
    assert MPI.Get_error_class(code) == cls and MPI.Get_error_string(code) == "a code"
    assert str(MPI.Exception(cls)) == "a class"
    MPI.Remove_error_string(code)
    assert MPI.Get_error_string(code) != "a code"
    MPI.Remove_error_string(errorcode=cls)
    MPI.Remove_error_code(code)
    MPI.Remove_error_class(cls)
    for remove in (MPI.Remove_error_class, MPI.Remove_error_code):
        with pytest.raises(MPI.Exception):
            remove(MPI.ERR_ARG)


def test_hints_of_the_module():
    for name in ("Send", "bcast", "Get_rank", "Allreduce", "scan"):
        with pytest.raises(AttributeError) as caught:
            getattr(MPI, name)
        says(caught, f"comm.{name}()", "MPI.COMM_WORLD")
    for name in ("nothing", "_nothing", "send_it"):
        with pytest.raises(AttributeError) as caught:
            getattr(MPI, name)
        says(caught, name)
        assert "comm." not in str(caught.value)
    assert not hasattr(MPI, "Barrier")
    assert "__getattr__" not in dir(MPI) and "COMM_WORLD" in dir(MPI)


def test_specs_of_alltoallw(comm):
    data = np.zeros(comm.size, "i4")
    counts, displs = [1] * comm.size, [4 * i for i in range(comm.size)]
    types = [MPI.INT] * comm.size
    good = [data, (counts, displs), types]
    comm.Alltoallw(good, [np.zeros_like(data), counts, displs, types])
    for bad, error, words in (
        (data, TypeError, ("buffer", "ndarray")),
        (b"abcd", TypeError, ("bytes",)),
        ([data, 1, types], TypeError, ("counts", "displacements")),
        ([data, (counts, displs), ["i"] * comm.size], TypeError, ("types[0]", "MPI.Datatype")),
        ([data, (counts, displs), types + types], ValueError, (str(2 * comm.size),)),
        ([data], ValueError, ("2 to 4",)),
        ([data, counts, None, types], TypeError, ("go together",)),
        ([None, None, None, types], ValueError, ("BOTTOM requires counts",)),
    ):
        with pytest.raises(error) as caught:
            comm.Alltoallw(bad, good)
        says(caught, "Alltoallw()", *words)
