# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Every kind of waiting: a signal ends it, and so does the end of a rank that is waited for."""

import signal
import sys
import time
from pathlib import Path

import pytest
from support import run

AGAIN = """ibarrier iallreduce idup persistent_barrier persistent_recv irecv issend precv psend
probe mprobe recv flush""".split()
ONCE = "barrier dup from_group session finalize".split()

# Rank 0 waits for something else; all are interrupted, and clean up.
PROGRAM = """
import ctypes, sys
from mpi4py import MPI
comm = MPI.COMM_WORLD
data, result = bytearray(1 << 20), bytearray(1 << 20)

def ibarrier():
    request = ctypes.c_void_p()
    library = ctypes.CDLL("libmpi_abi.so.1")
    library.MPI_Ibarrier(ctypes.c_void_p(comm.handle), ctypes.byref(request))
    return MPI.Request.fromhandle(request.value)

try:
    comm.Barrier()
    sys.stdout.write("ready\\n")
    sys.stdout.flush()
    if comm.rank == 0:
        comm.recv(source=1, tag=9)
    else:
        {call}
finally:
    sys.stdout.write("cleaned up\\n")
    sys.stdout.flush()
"""
CALLS = [
    "ibarrier().Wait()",
    "MPI.Request.Waitall([ibarrier(), ibarrier()])",
    "MPI.Request.Waitany([comm.Irecv(result, 0), ibarrier()])",
    "MPI.Request.waitall([comm.irecv(source=0)])",
    "comm.Issend(data, 0).Wait()",
    "comm.Dup()",
    "comm.Barrier()",
    "comm.Allreduce(data, result)",
    "comm.allgather(1)",
    "comm.Probe(source=0)",
    "comm.mprobe()",
]


@pytest.fixture(scope="session")
def blocked(mpicc, build):
    """The program blocked.c: ranks that wait in a call for rank 0."""
    program = build / "blocked"
    source = Path(__file__).with_name("blocked.c")
    run([mpicc, "-std=gnu11", "-Wall", "-Wextra", "-Werror", source, "-o", program])
    return program


@pytest.mark.parametrize("call", [*AGAIN, *ONCE])
def test_a_signal_ends_the_call(finish, blocked, call):
    job = finish("-n", 3, blocked, call, "interrupt")
    said = ["interrupted"] * 2 + ["went on"] * (2 if call in AGAIN else 0)
    assert sorted(job.out.splitlines()) == said
    assert (job.code, job.err) == (0, "")


@pytest.mark.parametrize("call", [*AGAIN, *ONCE])
def test_the_end_of_a_rank_ends_the_call(finish, blocked, call):
    job = finish("-n", 3, blocked, call, "failure")
    assert job.out == "peer failed\n" * (4 if call in AGAIN else 2)
    assert job.code == 137
    assert len(job.messages) == 1
    assert job.seconds < 4


@pytest.mark.parametrize("call", CALLS)
def test_an_interrupt_ends_the_call_in_python(start, call):
    job = start("-n", 3, sys.executable, "-c", PROGRAM.format(call=call))
    for _ in range(3):
        job.expect_line("ready")
    time.sleep(0.3)
    job.send(signal.SIGINT)
    sent = time.monotonic()
    job.end()
    assert time.monotonic() - sent < 2
    assert job.out == "cleaned up\n" * 3
    assert job.err.count("KeyboardInterrupt") == 3
    assert job.code == 130
