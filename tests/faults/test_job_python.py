# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""A rank of a Python program fails while the others are in any call: who says what, and when."""

import re
import sys

import pytest
from jobs import the_message

HEAD = """
import array, os, sys, threading, time
from mpi4py import MPI

comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
buffer = array.array("d", [0.0] * 10)
"""

# Rank 1 fails when the others have had time to block; they tell what they get, and clean up.
FAILURE = (
    HEAD
    + """
def fail():
{fail}

def call():
{call}

try:
    if rank == 1:
        time.sleep(0.1)
        fail()
    else:
        call()
        print("went on", flush=True)
except MPI.Exception as error:
    print("learnt" if error.Get_error_class() == MPI.ERR_PROC_ABORTED else error, flush=True)
    raise
finally:
    print("cleaned up", flush=True)
"""
)


def program(fail, call="comm.barrier()"):
    fail, call = ("\n".join("    " + line for line in text.splitlines()) for text in (fail, call))
    return [sys.executable, "-c", FAILURE.format(fail=fail, call=call)]


CALLS = [
    "comm.recv(source=1)",
    "comm.Recv(buffer, source=MPI.ANY_SOURCE)",
    "comm.ssend(1, dest=1)",
    "comm.Send(bytearray(20_000_000), dest=1)",
    "comm.sendrecv(1, dest=1, source=1)",
    "while True: comm.isend(bytes(1000), dest=1).wait()",
    "comm.probe(source=1)",
    "comm.mprobe()",
    "while not comm.iprobe(source=1): pass",
    "comm.irecv(source=1).wait()",
    "MPI.Request.waitall([comm.irecv(source=1, tag=tag) for tag in range(3)])",
    "MPI.Request.Waitany([comm.Irecv(buffer, source=1)])",
    "request = comm.irecv(source=1)\nwhile not request.test()[0]: pass",
    "comm.Barrier()",
    "comm.bcast(None, root=1)",
    "comm.gather(1, root=1)\ncomm.barrier()",
    "comm.scatter(None, root=1)",
    "comm.allgather(1)",
    "comm.alltoall(range(size))",
    "comm.allreduce(1)",
    "comm.Allreduce(MPI.IN_PLACE, buffer)",
    "comm.scan(1)\ncomm.barrier()",
    "comm.Split(0, rank)",
    "comm.Dup().barrier()",
    "MPI.COMM_SELF.recv()",
    "time.sleep(0.3)\ncomm.send(1, dest=0)",
]


@pytest.mark.parametrize("call", CALLS)
def test_an_exception_reaches_the_others_in(finish, call):
    fail = "def inner(): raise ValueError('no ' + 'luck')\ndef outer(): inner()\nouter()"
    job = finish("-n", 4, *program(fail, call))
    assert job.code == 1
    assert sorted(job.out.split("\n")) == [""] + ["cleaned up"] * 4 + ["learnt"] * 3
    assert job.err.count("Traceback") == job.err.count("ValueError: no luck") == 1
    the_message(job, "rank 1 exited with code 1 without calling MPI_Finalize after 0.")
    assert job.seconds < 2, "the start of Python and the time before the failure included"


@pytest.mark.parametrize(
    "fail, code, text, cleaned",
    [
        ("sys.exit('no luck')", 1, "exited with code 1 without", True),
        ("sys.exit(3)", 3, "exited with code 3 without", True),
        ("sys.exit(-1)", 255, "exited with code 255 without", True),
        ("sys.exit(256)", 1, "exited with code 0 without", True),
        ("os._exit(3)", 3, "exited with code 3 without", False),
        ("os._exit(0)", 1, "exited with code 0 without", False),
        ("raise KeyboardInterrupt", 130, "killed by signal 2 (SIGINT", True),
        ("os.kill(os.getpid(), 9)", 137, "killed by signal 9 (SIGKILL", False),
        ("import ctypes; ctypes.string_at(0)", 139, "killed by signal 11 (SIGSEGV", False),
        ("os.abort()", 134, "killed by signal 6 (SIGABRT", False),
        ("comm.Abort(7)", 7, "called MPI_Abort with code 7", False),
        ("comm.Abort(0)", 1, "called MPI_Abort with code 0", False),
        ("bytearray(1 << 62)", 1, "exited with code 1 without", True),
        ("raise ExceptionGroup('g', [ValueError('a')])", 1, "exited with code 1 without", True),
        ("fail()", 1, "exited with code 1 without", True),
    ],
)
def test_every_end_of_a_rank(finish, fail, code, text, cleaned):
    job = finish("-n", 3, *program(fail))
    assert job.code == code
    assert job.out.count("learnt") == 2 and job.out.count("cleaned up") == 2 + cleaned
    the_message(job, f"rank 1 {text}" if "killed" not in text else f"rank 1 was {text}")
    assert job.seconds < 2
    tracebacks = 1 if cleaned and "sys.exit" not in fail else 0
    assert job.err.count("Traceback") == tracebacks, job.err
    assert job.err.count("no luck\n") == ("luck" in fail)


def test_mpi_in_finally_of_the_rank_that_failed(finish):
    """The call succeeds as long as the others take part; the exception is not lost."""
    fail = "try: raise ValueError('no luck')\nfinally: comm.barrier()"
    job = finish("-n", 3, *program(fail, "comm.barrier()\ncomm.recv(source=1)"))
    assert job.code == 1
    assert job.out.count("learnt") == 2 and job.out.count("cleaned up") == 3
    assert job.err.count("ValueError: no luck") == 1


def test_mpi_in_finally_of_the_others(finish):
    """What they call there raises as well, at once."""
    call = "try: comm.recv(source=1)\nfinally: comm.barrier()"
    job = finish("-n", 3, *program("sys.exit(5)", call))
    assert job.code == 5
    assert job.out.count("learnt") == 2
    assert job.seconds < 2


def test_others_that_catch_it_leave_in_order(finish):
    script = HEAD + (
        "if rank == 1: sys.exit(3)\n"
        "try: comm.recv(source=1)\n"
        "except MPI.Exception: print('saved', flush=True)\n"
    )
    job = finish("-n", 3, sys.executable, "-c", script)
    assert (job.code, job.out) == (3, "saved\n" * 2)
    the_message(job, "rank 1 exited with code 3")
    assert job.seconds < 2


@pytest.mark.parametrize("rest", ["thread.join(); comm.recv(source=0)", "comm.recv(source=0)"])
def test_an_exception_in_a_thread(finish, rest):
    """It fails the rank when what is left of it has been blocked in MPI for half a second."""
    fail = (
        "def work(): raise ValueError('no luck')\n"
        f"thread = threading.Thread(target=work); thread.start(); {rest}"
    )
    job = finish("-n", 3, *program(fail, "comm.recv(source=1)"))
    assert job.code == 1
    assert job.err.count("ValueError: no luck") == 1
    assert job.out.count("learnt") >= 2
    the_message(job, "rank 1 exited with code 1 without calling MPI_Finalize")
    assert 0.5 < job.seconds < 2


WAITER = """
def work():
    {before}
    comm.recv(source=0, tag=9)
threading.Thread(target=work).start()
time.sleep(0.1)
"""


@pytest.mark.parametrize("before", ["pass", "time.sleep(0.3)"])
def test_an_exception_in_the_main_thread_while_another_one_waits(finish, before):
    """Python waits for the thread, which waits for a message that nobody sends."""
    job = finish("-n", 3, *program(WAITER.format(before=before) + "1 / 0", "comm.recv(source=1)"))
    assert job.code == 1
    assert job.err.count("ZeroDivisionError") == 1
    assert job.out.count("learnt") == 2
    the_message(job, "rank 1 exited with code 1 without calling MPI_Finalize")
    assert 0.5 < job.seconds < 2


def test_threads_may_wait_longer_than_the_main_thread(finish):
    """After a main thread that ended well, and after an exception that the program has caught."""
    fail = WAITER.format(before="pass") + "try: 1 / 0\nexcept ZeroDivisionError: pass"
    call = "time.sleep(1.5)\nif rank == 0: comm.send(1, dest=1, tag=9)"
    job = finish("-n", 2, *program(fail, call))
    assert (job.code, job.err) == (0, "")


def test_an_exception_after_finalize_ends_no_one(finish):
    script = HEAD + (
        "MPI.Finalize()\n"
        "if rank == 1: raise ValueError('no luck')\n"
        "time.sleep(0.3); print('done', flush=True)\n"
    )
    job = finish("-n", 3, sys.executable, "-c", script)
    assert (job.code, job.out) == (1, "done\n" * 2)
    assert job.err.count("Traceback") == 1
    assert re.search(r"rank 1 exited with code 1 after 0\.\d+ s$", job.messages[0])


def test_children_of_python_ranks(finish, mpiexec):
    """subprocess, multiprocessing and a nested mpiexec: worlds of their own."""
    script = HEAD + (
        "import multiprocessing, subprocess\n"
        "alone = [sys.executable, '-c', 'from mpi4py import MPI; print(MPI.COMM_WORLD.size)']\n"
        f"nested = ['{mpiexec}', '-n', '2', *alone]\n"
        "print(*[subprocess.run(line, capture_output=True, text=True).stdout.split()\n"
        "        for line in (alone, nested)], flush=True)\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n"
        "    print(pool.map(abs, [-1, -2]), comm.allreduce(1), flush=True)\n"
    )
    job = finish("-n", 2, sys.executable, "-c", script)
    assert (job.code, job.err) == (0, "")
    assert sorted(job.out.splitlines()) == ["['1'] ['2', '2']"] * 2 + ["[1, 2] 2"] * 2


def test_many_python_ranks(finish):
    script = HEAD + "print(comm.allreduce(rank)) if rank == 0 else comm.allreduce(rank)"
    job = finish("-n", 64, sys.executable, "-c", script, limit=60)
    assert (job.code, job.out, job.err) == (0, "2016\n", "")


def test_each_part_of_a_job_knows_itself(finish):
    script = "from mpi4py import MPI; print(MPI.COMM_WORLD.rank, MPI.INFO_ENV.Get('maxprocs'))"
    part = [sys.executable, "-c", script]
    job = finish("-n", 1, *part, ":", "-n", 3, *part)
    assert sorted(job.out.splitlines()) == ["0 1", "1 3", "2 3", "3 3"], job.err
