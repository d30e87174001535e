# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Jobs that spawn others, and jobs that meet: how they fail, and that nothing is left."""

import os
import signal
import subprocess
import uuid
from pathlib import Path

import pytest
from jobs import MARK, marked, wait_until
from support import run


def compiled(mpicc, build, name):
    program = build / name
    source = Path(__file__).with_name(f"{name}.c")
    run([mpicc, "-Wall", "-Wextra", "-Werror", source, "-o", program])
    return program


@pytest.fixture(scope="module")
def family(mpicc, build):
    return compiled(mpicc, build, "dyn_family")


@pytest.fixture(scope="module")
def pair(mpicc, build):
    return compiled(mpicc, build, "dyn_pair")


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("who", ["child", "parent"])
def test_one_failure_fails_the_family(finish, family, who, ranks):
    job = finish("-n", ranks, family, who)
    assert job.code == 128 + signal.SIGKILL
    assert "killed by signal 9" in job.err
    assert job.seconds < 4


@pytest.mark.parametrize("who", ["child", "parent"])
def test_the_family_of_a_process_alone(family, who):
    mark = uuid.uuid4().hex
    done = subprocess.run([family, who], env={**os.environ, MARK: mark}, timeout=20,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert done.returncode != 0
    wait_until(lambda: not marked(mark))


def test_a_killed_launcher_takes_the_spawned_with_it(start, family):
    job = start("-n", 2, family, "nobody")
    job.expect_line("spawned")
    job.process.kill()
    wait_until(lambda: not job.processes())


def test_many_spawns_in_a_row(family):
    mark = uuid.uuid4().hex
    done = run([family, "count"], timeout=60, env={**os.environ, MARK: mark})
    assert done.stdout == "waited: -1\n"
    wait_until(lambda: not marked(mark))


@pytest.mark.parametrize("ranks", [1, 2])
def test_two_jobs_meet(start, pair, ranks):
    name = uuid.uuid4().hex
    jobs = [start("-n", ranks, pair, "accept", name), start("-n", 3, pair, "connect", name)]
    ends = [job.end(20) for job in jobs]
    assert [end.code for end in ends] == [0, 0]
    assert ends[0].out == f"together {ranks + 3} of {ranks + 3}\n"


def test_a_process_alone_meets_a_job(start, pair):
    name = uuid.uuid4().hex
    job = start("-n", 2, pair, "accept", name)
    run([pair, "connect", name], timeout=20)
    assert job.end(20).out == "together 3 of 3\n"


def test_a_job_outlives_one_that_it_was_connected_to(start, pair):
    name = uuid.uuid4().hex
    job = start("-n", 2, pair, "accept", name, "die")
    other = start("-n", 2, pair, "connect", name, "die")
    assert other.end(20).code == 128 + signal.SIGKILL
    end = job.end(20)
    assert (end.code, end.out.count("class right")) == (0, 2)
