# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Jobs that are ended whatever becomes of their test."""

import subprocess
from pathlib import Path

import pytest
from jobs import Job
from support import run


@pytest.fixture
def start(mpiexec):
    """Start a job: start("-n", 4, "program", ..., **options of Popen)."""
    jobs = []
    installed = mpiexec

    def start_one(*words, mpiexec=installed, **options):
        jobs.append(Job(mpiexec, words, **options))
        return jobs[-1]

    yield start_one
    for job in jobs:
        job.kill()


@pytest.fixture
def finish(start):
    """Run a job to its end."""

    def finish_one(*words, limit=20, input=None, **options):
        if input is not None:
            options["stdin"] = subprocess.PIPE
        return start(*words, **options).end(limit, input)

    return finish_one


@pytest.fixture(scope="session")
def act(mpicc, build):
    """The program act.c: an MPI program that does what it is told."""
    program = build / "act"
    run([mpicc, "-Wall", "-Wextra", "-Werror", Path(__file__).with_name("act.c"), "-o", program])
    return program
