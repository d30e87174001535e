# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Jobs in a memory cgroup that is too small for them."""

import os
import sys
from pathlib import Path

import pytest
from jobs import PYTHON, the_message, wait_until

LIMIT = 64 << 20
# Folder, file of the limit, file of the limit on swapping: version 1 and version 2.
HIERARCHIES = [
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.swappiness"),
    ("/sys/fs/cgroup", "memory.max", "memory.swap.max"),
]


def make_group():
    """A memory cgroup with a limit; None where we may not make one."""
    for folder, limit, swap in HIERARCHIES:
        group = Path(folder) / f"muster-test-{os.getpid()}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / limit).write_text(str(LIMIT))
            if (group / swap).exists():
                (group / swap).write_text("0")
            return group
        except OSError:
            group.rmdir()
    return None


def removed(group):
    try:
        group.rmdir()
    except OSError:  # the kernel has not yet let go of the last process
        return False
    return True


@pytest.fixture
def inside(finish):
    """Run a job to its end in a cgroup of 64 MiB."""
    group = make_group()
    if group is None:
        pytest.skip("no memory cgroup can be made here")

    def enter():
        (group / "cgroup.procs").write_text("0")

    yield lambda *words: finish(*words, limit=60, preexec_fn=enter)
    wait_until(lambda: removed(group))


def test_a_program_without_mpi_is_killed(inside):
    job = inside("sleep", 60, ":", *PYTHON, "x = bytearray(256 << 20)")
    assert job.code == 137
    the_message(job, "rank 1 was killed by signal 9 (SIGKILL, Killed): out of memory, after")


def test_a_rank_is_killed(inside, act):
    words = ["*:init", "*:return-errors", "1:memory=256", "*:receive", "*:finalize"]
    job = inside("-n", 3, act, *words)
    assert (job.code, job.out) == (137, "peer failed\n" * 2)
    the_message(job, "rank 1 was killed by signal 9 (SIGKILL, Killed): out of memory, after")


def test_the_first_ranks_are_killed_before_the_last_are_started(inside, act):
    job = inside("-n", 64, act, "*:memory=256")
    assert job.code == 137
    the_message(job, "was killed by signal 9 (SIGKILL, Killed): out of memory, after")


def test_a_signal_9_that_is_not_for_memory(inside, act):
    """Also where the kernel has killed others in this group before."""
    inside("-n", 1, act, "*:memory=256")
    job = inside("-n", 1, act, "*:kill=9")
    assert job.code == 137
    the_message(job, "rank 0 was killed by signal 9 (SIGKILL, Killed) after")


def test_rings_that_do_not_fit(inside):
    job = inside("-n", 1024, "true")
    assert (job.code, job.out) == (1, "")
    the_message(job, "1024 ranks need ")
    the_message(job, " (64 MiB) leaves ")
    the_message(job, "the memory limit of cgroup /")


def test_shared_memory_that_does_not_fit(inside):
    script = "from mpi4py import MPI; MPI.Alloc_mem(256 << 20)"
    job = inside("-n", 2, sys.executable, "-c", script)
    assert job.code == 1
    wanted = "MPI_ERR_NO_MEM: MPI_Alloc_mem: 262144 KiB of shared memory are wanted, but the memory"
    assert wanted in job.err
    assert "(64 MiB) leaves " in job.err
