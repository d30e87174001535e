# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Signals that mpiexec is sent, and what its ranks make of them."""

import os
import signal
import subprocess
import time

import pytest
from jobs import PYTHON, state, wait_until

# Prints "ready", then each signal it gets; leaves with 0 after SIGUSR2. (os.write, because a
# handler may run within a print, and then not print itself.)
COUNT = """
import os, signal, sys, time
def note(number, frame):
    os.write(1, signal.Signals(number).name.encode() + b"\\n")
    if number == signal.SIGUSR2:
        sys.exit(0)
for number in (1, 2, 3, 10, 12, 15, 28):
    signal.signal(number, note)
os.write(1, b"ready\\n")
while True:
    time.sleep(10)
"""

# Takes what it is sent, and stays.
STAY = COUNT.replace("sys.exit(0)", "pass")

CLEAN_UP = """
import time
try:
    print("ready", flush=True)
    time.sleep(60)
finally:
    print("cleaned up", flush=True)
"""


def expect_ready(job, ranks):
    for _ in range(ranks):
        job.expect_line("ready")
    # Python heeds a signal that comes between the print and the sleep only after the sleep.
    time.sleep(0.2)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGWINCH"])
def test_each_rank_gets_it_once(start, name):
    job = start("-n", 2, *PYTHON, COUNT)
    expect_ready(job, 2)
    job.send(getattr(signal, name))
    job.expect_line(name)
    job.expect_line(name)
    job.send(signal.SIGUSR2)
    job.end()
    assert sorted(job.out.split()) == ["SIGUSR2", "SIGUSR2"]
    assert (job.code, job.err) == (0, "")


def test_only_the_launcher_forwards(start):
    """A signal to mpiexec's process group, as a terminal sends it, reaches each rank once."""
    job = start("-n", 2, *PYTHON, COUNT, start_new_session=True)
    expect_ready(job, 2)
    os.killpg(job.process.pid, signal.SIGUSR1)
    job.expect_line("SIGUSR1")
    job.expect_line("SIGUSR1")
    os.killpg(job.process.pid, signal.SIGUSR2)
    job.end()
    assert sorted(job.out.split()) == ["SIGUSR2", "SIGUSR2"]


def test_interrupted_python_cleans_up(start):
    job = start("-n", 3, *PYTHON, CLEAN_UP)
    expect_ready(job, 3)
    job.send(signal.SIGINT)
    job.end()
    assert job.code == 130
    assert job.out == "cleaned up\n" * 3
    assert job.err.count("KeyboardInterrupt") == 3
    assert len(job.messages) == 1
    assert "was killed by signal 2 (SIGINT, Interrupt)" in job.messages[0]
    assert "; mpiexec had received signal 2 (SIGINT, Interrupt)" in job.messages[0]
    assert job.seconds < 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_default_ends_the_ranks(start, number):
    job = start("-n", 2, *PYTHON, CLEAN_UP)
    expect_ready(job, 2)
    job.send(number)
    job.end()
    assert job.code == 128 + number
    assert len(job.messages) == 1
    assert job.seconds < 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_stays_is_killed_after_five_seconds(start, number):
    job = start("-n", 2, *PYTHON, STAY)
    expect_ready(job, 2)
    sent = time.monotonic()
    job.send(number)
    job.end()
    assert job.code == 128 + number
    assert 4.9 < time.monotonic() - sent < 6
    assert len(job.messages) == 1
    assert f"the job was ended by signal {number.value} ({number.name}, " in job.messages[0]


def test_a_second_interrupt_kills(start):
    job = start("-n", 2, *PYTHON, STAY)
    expect_ready(job, 2)
    job.send(signal.SIGINT)
    time.sleep(0.3)
    sent = time.monotonic()
    job.send(signal.SIGINT)
    job.end()
    assert job.code == 130
    assert time.monotonic() - sent < 1
    assert len(job.messages) == 1


def send_twice(job, number):
    """As timeout(1) does, which signals its child, and then its process group."""
    job.send(number)
    time.sleep(0.01)
    job.send(number)


def test_the_same_signal_twice_at_once_counts_once(start):
    job = start("-n", 2, *PYTHON, STAY)
    expect_ready(job, 2)
    send_twice(job, signal.SIGTERM)
    time.sleep(0.5)
    assert job.process.poll() is None
    job.send(signal.SIGTERM)
    job.end()
    assert job.code == 143


def test_a_signal_sent_twice_at_once_reaches_the_ranks_once(start):
    """A second one would interrupt the cleaning up that the first one has asked for."""
    job = start("-n", 2, *PYTHON, COUNT)
    expect_ready(job, 2)
    send_twice(job, signal.SIGINT)
    job.expect_line("SIGINT")
    job.expect_line("SIGINT")
    time.sleep(0.2)
    job.send(signal.SIGUSR2)
    job.end()
    assert sorted(job.out.split()) == ["SIGUSR2", "SIGUSR2"]
    assert (job.code, job.err) == (0, "")


def test_a_rank_that_fails_after_an_interrupt_cuts_no_ones_time(start):
    slow = CLEAN_UP.replace('    print("cleaned', '    time.sleep(3.5)\n    print("cleaned')
    job = start(*PYTHON, slow, ":", *PYTHON, CLEAN_UP)
    expect_ready(job, 2)
    job.send(signal.SIGINT)
    job.end()
    assert job.out == "cleaned up\n" * 2
    assert 3.5 < job.seconds < 4.9
    assert job.code == 130


def test_interrupted_in_mpi(start, act):
    job = start("-n", 3, act, "*:init", "*:print=7", "*:receive")
    for _ in range(3):
        job.expect_line("7")
    job.send(signal.SIGINT)
    job.end()
    assert job.code == 130
    assert len(job.messages) == 1
    assert job.seconds < 2


def test_stop_and_continue(start):
    """What ^Z does: ranks and mpiexec stop; SIGCONT to mpiexec continues all."""
    # A group with a parent in the same session: else nobody could continue it, and none stops.
    job = start("-n", 2, *PYTHON, COUNT, process_group=0)
    expect_ready(job, 2)
    pids = [pid for pid in job.processes() if pid != job.keeper()]
    assert len(pids) == 3
    job.send(signal.SIGTSTP)
    for pid in pids:
        wait_until(lambda pid=pid: state(pid) == "T")
    job.send(signal.SIGCONT)
    for pid in pids:
        wait_until(lambda pid=pid: state(pid) != "T")
    job.send(signal.SIGUSR2)
    job.end()
    assert job.code == 0


def test_no_stop_where_nobody_could_continue(start):
    job = start("-n", 2, *PYTHON, COUNT, start_new_session=True)
    expect_ready(job, 2)
    job.send(signal.SIGTSTP)
    time.sleep(0.3)
    assert "T" not in [state(pid) for pid in job.processes()]
    job.send(signal.SIGUSR2)
    job.end()
    assert job.code == 0


def test_stopped_ranks_can_be_ended(start):
    job = start("-n", 2, *PYTHON, COUNT, process_group=0)
    expect_ready(job, 2)
    keeper = job.keeper()
    job.send(signal.SIGTSTP)
    for pid in job.processes():
        if pid != keeper:
            wait_until(lambda pid=pid: state(pid) == "T")
    job.process.kill()
    wait_until(lambda: not job.processes())


def test_ignored_signals_stay_ignored(start):
    """As nohup does; the ranks inherit it too."""
    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    job = start("-n", 2, "sh", "-c", "echo ready; sleep 1; echo done", preexec_fn=ignore)
    expect_ready(job, 2)
    job.send(signal.SIGHUP)
    job.end()
    assert (job.code, job.out) == (0, "done\n" * 2)


def test_masks_and_dispositions_are_those_of_the_caller(finish):
    script = "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status"
    alone = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=20)
    job = finish("sh", "-c", script)
    assert job.out == alone.stdout


def test_children_are_seen_where_sigchld_was_ignored(finish):
    def ignore():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    job = finish("-n", 2, "sh", "-c", "exit 3", preexec_fn=ignore)
    assert job.code == 3
