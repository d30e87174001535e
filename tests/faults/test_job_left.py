# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Nothing is left of a job: ranks, their children however detached, sockets."""

import os
import signal
import time
from pathlib import Path

import pytest
from jobs import PYTHON, wait_until

# Children in the rank's group, in a session of their own with the parent gone, and behind a shell.
FAMILY = "sleep 100 & setsid sleep 101 & (setsid sh -c 'sleep 102 & sleep 103' &) ; echo ready;"


def family(ranks):
    return 1 + 1 + 6 * ranks  # front, keeper; a rank with five processes below it


def test_children_end_with_the_job(finish):
    job = finish("-n", 3, "sh", "-c", FAMILY)
    assert (job.code, job.out, job.err) == (0, "ready\n" * 3, "")
    assert job.seconds < 1.5


def test_children_that_ignore_sigterm(finish):
    sleepers = "(sleep 100; sleep 100) & setsid sh -c 'sleep 100; sleep 100' &"
    script = f"trap '' TERM; {sleepers} echo ready"
    job = finish("-n", 2, "sh", "-c", script)
    assert (job.code, job.out, job.err) == (0, "ready\n" * 2, "")
    assert 1 < job.seconds < 2.5


def test_children_that_finish_in_time_are_let(finish, tmp_path):
    """A child that empties a pipe after its rank is gone is not cut short."""
    script = f"(sleep 0.1; echo late > {tmp_path}/$$) & exit 0"
    job = finish("-n", 2, "sh", "-c", script)
    assert job.code == 0
    assert len(list(tmp_path.iterdir())) == 2


def test_a_ranks_group_ends_with_the_rank(start):
    """Not only with the job."""
    job = start("sh", "-c", "sleep 100 & echo ready", ":", "sleep", 2)
    job.expect_line("ready")
    wait_until(lambda: "sleep 100 " not in job.processes().values(), 1.5)
    assert job.process.poll() is None
    job.end()
    assert job.code == 0


def test_a_detached_child_lives_as_long_as_the_job(start):
    job = start("sh", "-c", "setsid sleep 100 & echo ready", ":", "sleep", "1.5")
    job.expect_line("ready")
    time.sleep(0.8)
    assert "sleep 100 " in job.processes().values()
    job.end()


def test_children_of_mpi_ranks(finish, act):
    words = ["*:child", "*:child=1", "*:daemon", "*:daemon=1", "*:init", "*:finalize"]
    job = finish("-n", 2, act, *words)
    assert (job.code, job.err) == (0, "")
    assert job.seconds < 3


def test_children_after_a_failure(finish, act):
    words = ["*:child=1", "*:daemon=1", "*:init", "0:kill=9", "*:receive"]
    job = finish("-n", 2, act, *words)
    assert job.code == 137
    assert job.seconds < 3.5


@pytest.mark.parametrize("ranks", [1, 3])
def test_the_launcher_is_killed(start, ranks):
    job = start("-n", ranks, "sh", "-c", FAMILY + "wait")
    for _ in range(ranks):
        job.expect_line("ready")
    wait_until(lambda: len(job.processes()) == family(ranks))
    job.process.kill()
    wait_until(lambda: not job.processes(), 2)


def test_the_launcher_is_killed_and_no_one_heeds_sigterm(start, act):
    job = start("-n", 2, act, "*:ignore=15", "*:child=1", "*:daemon=1", "*:init", "*:print=1",
                "*:receive")
    job.expect_line("1")
    job.expect_line("1")
    job.process.kill()
    wait_until(lambda: not job.processes(), 2)


def test_the_launchers_group_is_killed(start):
    job = start("-n", 2, "sh", "-c", FAMILY + "wait", start_new_session=True)
    job.expect_line("ready")
    job.expect_line("ready")
    os.killpg(job.process.pid, signal.SIGKILL)
    wait_until(lambda: not job.processes(), 2)


def test_the_launcher_is_killed_while_it_starts_ranks(start):
    for delay in (0, 0.001, 0.003, 0.01, 0.03):
        job = start("-n", 64, "sh", "-c", FAMILY + "wait")
        time.sleep(delay)
        job.process.kill()
        wait_until(lambda job=job: not job.processes(), 5)


def test_the_keeper_is_killed(start):
    job = start("-n", 2, "sh", "-c", FAMILY + "wait")
    job.expect_line("ready")
    job.expect_line("ready")
    wait_until(lambda: len(job.processes()) == family(2))
    os.kill(job.keeper(), signal.SIGKILL)
    job.end()
    assert job.code == 137
    assert job.messages == [
        "mpiexec: the launcher's keeper was killed by signal 9 (SIGKILL, Killed)"
    ]
    assert job.seconds < 2


def test_the_keeper_goes_by_another_name(start):
    """So that `pkill -9 mpiexec` leaves somebody to clean up."""
    job = start("-n", 1, "sleep", 60)
    wait_until(lambda: len(job.processes()) == 3)
    keeper = Path(f"/proc/{job.keeper()}")
    assert (keeper / "comm").read_text() == "muster-keeper\n"
    assert b"mpiexec" not in (keeper / "cmdline").read_bytes()
    job.send(signal.SIGTERM)
    job.end()


def test_both_are_killed_and_the_ranks_die(start):
    job = start("-n", 2, *PYTHON, "import time; print('ready', flush=True); time.sleep(60)")
    job.expect_line("ready")
    job.expect_line("ready")
    keeper = job.keeper()
    os.kill(keeper, signal.SIGSTOP)
    job.process.kill()
    os.kill(keeper, signal.SIGKILL)
    wait_until(lambda: not job.processes(), 2)


def test_the_socket_goes_with_the_job(start):
    job = start("-n", 1, "sh", "-c", "echo $MUSTER_JOB; sleep 0.3")
    number = job.line().split(b":")[1].decode()
    socket = f"@muster-{int(number, 16):016x}"
    assert socket in Path("/proc/net/unix").read_text()
    job.end()
    assert socket not in Path("/proc/net/unix").read_text()


def test_ranks_inherit_what_the_caller_gave_and_the_segment(finish):
    """Descriptors: 0 to 2, the job's memory, and those that the caller left open on purpose."""
    reader, writer = os.pipe()
    script = """
import os
for fd in os.listdir("/proc/self/fd"):
    try:
        print(fd, os.readlink(f"/proc/self/fd/{fd}"))
    except OSError:
        pass  # that of the listing itself
"""
    job = finish("-n", 2, *PYTHON, script, pass_fds=[reader])
    os.close(reader)
    os.close(writer)
    lines = [line.split(maxsplit=1) for line in job.out.splitlines()]
    assert sorted(int(fd) for fd, _ in lines) == sorted([0, 1, 2, 100, reader] * 2)
    assert all("memfd:muster" in name for fd, name in lines if fd == "100")
