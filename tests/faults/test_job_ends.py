# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Every way in which ranks end a job: exit code, message, time, and nothing left."""

import os
import signal

import pytest
from jobs import PYTHON, state, the_message, wait_until

WAIT = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


# --- Programs without MPI ---------------------------------------------------------------------


def test_all_end_with_zero(finish):
    job = finish("-n", 4, "hostname")
    assert (job.code, job.err) == (0, "")
    assert job.out == os.uname().nodename.join(["", "\n"]) * 4


def test_a_code_ends_no_one_else(finish):
    job = finish("-n", 1, "sh", "-c", "exit 3", ":", "-n", 1, "sh", "-c", "sleep 0.3; echo done")
    assert (job.code, job.out) == (3, "done\n")
    the_message(job, "rank 0 exited with code 3 after 0.0")
    assert 0.3 <= job.seconds < 2


def test_the_first_code_counts(finish):
    job = finish("sh", "-c", "sleep 0.3; exit 5", ":", "sh", "-c", "exit 6", ":", "true")
    assert job.code == 6
    the_message(job, "rank 1 exited with code 6")


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT, signal.SIGUSR1])
def test_a_signal_fails_the_job(finish, number):
    job = finish("sh", "-c", f"kill -{number.value} $$", ":", *PYTHON, WAIT)
    assert job.code == 128 + number
    text = signal.strsignal(number)
    the_message(job, f"rank 0 was killed by signal {number.value} ({number.name}, {text}) after 0.")
    assert 1.9 < job.seconds < 2.9, "others get SIGTERM after 2 s"


def test_those_who_ignore_sigterm_are_killed(finish):
    job = finish("sh", "-c", "kill -9 $$", ":", *PYTHON, STUBBORN)
    assert job.code == 137
    assert 2.9 < job.seconds < 3.9


@pytest.mark.parametrize("first", [0, 1, 2])
def test_the_order_of_ends_is_seen(start, first):
    """All end while the keeper cannot look."""
    job = start("-n", 3, "sh", "-c", "echo ${MUSTER_JOB#*:*:} $$; exec sleep 60")
    lines = [job.line().split() for _ in range(3)]
    pids = {int(ticket.split(b":")[0]): int(pid) for ticket, pid in lines}
    keeper = job.keeper()
    os.kill(keeper, signal.SIGSTOP)
    wait_until(lambda: state(keeper) == "T")
    for rank in (first, (first + 2) % 3, (first + 1) % 3):
        os.kill(pids[rank], signal.SIGTERM)
        wait_until(lambda rank=rank: state(pids[rank]) == "Z")
    os.kill(keeper, signal.SIGCONT)
    job.end()
    the_message(job, f"rank {first} was killed by signal 15")


def test_a_code_and_then_a_signal(finish):
    job = finish("sh", "-c", "exit 3", ":", "sh", "-c", "sleep 0.2; kill -6 $$")
    assert job.code == 3
    the_message(job, "rank 0 exited with code 3")
    the_message(job, "; rank 1 was killed by signal 6")


# --- MPI programs -----------------------------------------------------------------------------


def test_finalized(finish, act):
    job = finish("-n", 3, act, "*:init", "*:finalize")
    assert (job.code, job.err) == (0, "")


@pytest.mark.parametrize(
    "what, code, text",
    [
        ("1:exit=3", 3, "rank 1 exited with code 3 without calling MPI_Finalize after 0."),
        ("1:exit=0", 1, "rank 1 exited with code 0 without calling MPI_Finalize after 0."),
        ("1:kill=11", 139, "rank 1 was killed by signal 11 (SIGSEGV, Segmentation fault) after 0."),
        ("1:kill=9", 137, "rank 1 was killed by signal 9 (SIGKILL, Killed) after 0."),
        ("1:abort=5", 5, "rank 1 called MPI_Abort with code 5 after 0."),
        ("1:abort=0", 1, "rank 1 called MPI_Abort with code 0 after 0."),
        ("1:abort=256", 1, "rank 1 called MPI_Abort with code 256 after 0."),
    ],
)
def test_a_failing_rank_ends_the_others(finish, act, what, code, text):
    rest = ["*:return-errors", "*:receive", "*:finalize"]
    job = finish("-n", 4, act, "*:init", "1:sleep=100", what, *rest)
    assert job.code == code
    the_message(job, text)
    assert job.out == "peer failed\n" * 3, "blocked calls return, and the program goes on"
    assert job.seconds < 1


def test_errors_are_fatal_by_default(finish, act):
    job = finish("-n", 3, act, "*:init", "2:exit=7", "*:receive")
    assert job.code == 7
    the_message(job, "rank 2 exited with code 7 without calling MPI_Finalize")
    assert job.seconds < 1


def test_a_failed_job_that_computes_is_ended(finish, act):
    job = finish("-n", 3, act, "*:init", "0:exit=7", "1:ignore=15", "*:sleep=60000")
    assert job.code == 7
    the_message(job, "rank 0 exited with code 7")
    assert 2.9 < job.seconds < 3.9


def test_a_code_after_finalize_ends_no_one(finish, act):
    job = finish("-n", 2, act, "*:init", "*:finalize", "1:exit=9", "0:sleep=300", "0:print=1")
    assert (job.code, job.out) == (9, "1\n")
    the_message(job, "rank 1 exited with code 9 after")


# --- Sessions ---------------------------------------------------------------------------------


def test_sessions_one_after_the_other(finish, act):
    job = finish("-n", 3, act, *["*:session", "*:end-session"] * 3)
    assert (job.code, job.err) == (0, "")


@pytest.mark.parametrize("code", [0, 3])
@pytest.mark.parametrize("before", [[], ["*:session", "*:end-session"]])
def test_a_rank_that_ends_in_a_session_fails_the_job(finish, act, before, code):
    rest = ["*:receive", "*:end-session"]
    job = finish("-n", 3, act, *before, "*:session", "1:sleep=100", f"1:exit={code}", *rest)
    assert job.code == (code or 1)
    the_message(job, f"rank 1 exited with code {code} without calling MPI_Session_finalize")
    assert job.out == "peer failed\n" * 2
    assert job.seconds < 1


def test_a_code_between_sessions_ends_no_one(finish, act):
    job = finish("-n", 2, act, "*:session", "*:end-session", "1:exit=9", "0:sleep=300", "0:print=1")
    assert (job.code, job.out) == (9, "1\n")
    the_message(job, "rank 1 exited with code 9 after")


def test_a_session_left_open_by_who_has_finalized(finish, act):
    job = finish("-n", 2, act, "*:session", "*:init", "*:finalize", "1:exit=0", "*:end-session")
    assert job.code == 1
    the_message(job, "rank 1 exited with code 0 without calling MPI_Session_finalize")


# --- MPI programs in other ways ---------------------------------------------------------------


def test_through_a_wrapper(finish, act):
    """The process that joins is a child of the one that mpiexec started."""
    words = f"{act} '*:init' 1:exit=4 '*:return-errors' '*:receive' '*:finalize'; exit $?"
    job = finish("-n", 2, "sh", "-c", words)
    assert job.code == 4
    assert job.out == "peer failed\n"
    the_message(job, "rank 1 exited with code 4 without calling MPI_Finalize")
    assert job.seconds < 1


def test_descriptors_closed_by_a_wrapper(finish, act):
    """Then the launcher hands the segment's descriptor out a second time."""
    script = (
        "import os, sys; os.closerange(3, 1000); os.execv(sys.argv[1], sys.argv[1:])"
    )
    job = finish("-n", 3, *PYTHON, script, act, "*:init", "*:size", "*:finalize")
    assert (job.code, job.out, job.err) == (0, "size 3\n" * 3, "")


# --- Timeout ----------------------------------------------------------------------------------


def test_timeout(finish):
    job = finish("--timeout", 0.5, "-n", 2, "sleep", 60)
    assert job.code == 124
    the_message(job, "the job was ended after 0.5")
    the_message(job, "(--timeout 0.5)")
    assert 0.5 < job.seconds < 1.4, "without MPI, SIGTERM comes at once"


def test_timeout_in_mpi(finish, act):
    rest = ["*:return-errors", "*:receive", "*:finalize"]
    job = finish("--timeout", 0.5, "-n", 2, act, "*:init", *rest)
    assert (job.code, job.out) == (124, "peer failed\n" * 2)
    assert 0.5 < job.seconds < 1.4


def test_timeout_of_the_stubborn(finish):
    job = finish("--timeout", 0.5, "-n", 2, *PYTHON, STUBBORN)
    assert job.code == 124
    assert 3.4 < job.seconds < 4.4


def test_timeout_not_reached(finish):
    job = finish("--timeout", 60, "-n", 2, "true")
    assert (job.code, job.err) == (0, "")
    assert job.seconds < 2


# --- Programs that cannot run -----------------------------------------------------------------


def test_not_found(finish):
    job = finish("-n", 4, "no-such-program")
    assert (job.code, job.out) == (127, "")
    the_message(job, "cannot run 'no-such-program': no such program in PATH or in the working")


def test_no_such_file(finish):
    job = finish("-n", 4, "./no-such-file")
    assert job.code == 127
    the_message(job, "cannot run './no-such-file': No such file or directory")


def test_not_executable(finish, tmp_path):
    (tmp_path / "hello.py").write_text("print(1)")
    job = finish("-n", 2, "./hello.py", cwd=tmp_path)
    assert job.code == 126
    the_message(job, "cannot run './hello.py': Permission denied (a Python file runs as: mpiexec")


def test_a_folder(finish, tmp_path):
    job = finish("-n", 2, tmp_path)
    assert job.code == 126
    the_message(job, f"cannot run '{tmp_path}': Is a directory")


def test_no_interpreter(finish, tmp_path):
    program = tmp_path / "program"
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    job = finish("-n", 2, program)
    assert job.code == 127
    the_message(job, "No such file or directory (it, or the interpreter that it names)")


def test_a_wrong_format(finish, tmp_path):
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF\0\0\0\0")
    program.chmod(0o755)
    job = finish("-n", 2, program)
    assert job.code == 126
    the_message(job, "Exec format error")


def test_a_script_without_an_interpreter(finish, tmp_path):
    program = tmp_path / "program"
    program.write_text("echo $1\n")
    program.chmod(0o755)
    job = finish("-n", 2, program, "hi")
    assert (job.code, job.out, job.err) == (0, "hi\nhi\n", "")


def test_the_second_program_is_missing(finish):
    job = finish("-n", 2, "sleep", 60, ":", "no-such-program")
    assert job.code == 127
    the_message(job, "cannot run 'no-such-program'")
    assert job.seconds < 2


def test_no_working_directory(finish):
    job = finish("-wdir", "/no/such/folder", "true")
    assert job.code == 126
    the_message(job, "cannot enter the working directory '/no/such/folder': No such file")
