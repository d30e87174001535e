# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Jobs of thousands of ranks, and what the kernel refuses to them."""

import os
import resource
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from jobs import the_message

MANY = 4200  # more than 64 x 64, which sets of members have in two levels
SYSTEM = Path("/proc/sys/kernel")


def limited(files, hard=None):
    """For preexec_fn: a limit of open files."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard or files))


@pytest.fixture(scope="module")
def sums(mpicc, build):
    """A program whose ranks add up their numbers, small and in a vector, and check the sums."""
    program = build / "sums"
    source = Path(__file__).with_name("sums.c")
    subprocess.run([mpicc, "-Wall", "-Wextra", "-Werror", source, "-o", program], check=True)
    return program


def test_many_ranks_of_mpi(finish, sums):
    job = finish("-n", MANY, sums, limit=100)
    assert (job.code, job.err) == (0, "")
    assert job.out == f"of {MANY} ranks\n" * MANY


def test_one_of_many_fails(finish, sums):
    job = finish("-n", 1000, sums, "fail", limit=60)
    assert job.code == 7
    the_message(job, "rank 500 exited with code 7 without calling MPI_Finalize")
    after = float(job.messages[0].split(" after ")[1].split()[0])
    assert job.seconds - after < 3, job.err


# Where not even the hard limit has a pipe for each output, ranks write where mpiexec does.
@pytest.mark.parametrize(
    ("files", "words"), [(100, "lines of standard error may mix"), (50, "their lines may mix")]
)
def test_few_open_files(finish, files, words):
    job = finish(
        "-n", 60, "sh", "-c", "echo out; echo err >&2; ulimit -n", preexec_fn=limited(files)
    )
    assert job.code == 0
    assert Counter(job.out.splitlines()) == {"out": 60, str(files): 60}
    assert job.err.splitlines().count("err") == 60
    the_message(
        job, f"to collect the output of 60 ranks takes 144 open files, the limit is {files}"
    )
    the_message(job, words)


def test_too_few_open_files_for_any_job(finish):
    job = finish("-n", 60, "true", preexec_fn=limited(20))
    assert job.code == 1
    the_message(job, "the limit is 20 (ulimit -Hn): too few for any job")


def test_few_open_files_and_tags(finish):
    job = finish("-n", 60, "-l", "true", preexec_fn=limited(50))
    assert job.code == 1
    the_message(job, "takes 144 open files, the limit is 50 (ulimit -Hn)")


def test_limit_is_raised_and_restored(finish):
    job = finish("-n", 60, "sh", "-c", "ulimit -Sn; exit 3", preexec_fn=limited(40, 1024))
    assert job.code == 3
    assert job.out == "40\n" * 60
    the_message(job, "exited with code 3")


def test_more_ranks_than_processes(finish):
    ids = int((SYSTEM / "pid_max").read_text())
    if ids >= 1 << 22:
        job = finish("-n", 1 << 23, "true")
        assert job.code == 2
        the_message(job, "no kernel runs more than 4194304 processes")
    else:
        job = finish("-n", ids + 1, "true")
        assert job.code == 1
        the_message(job, f"{ids + 1} ranks are more than can run: ")
    assert job.seconds < 2


@pytest.fixture
def open_folder():
    """A folder that every user may read."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield name


# The user of whom the limit is asked must not be root, whom it does not bind.
def test_user_may_not_have_so_many(finish, mpiexec, open_folder):
    options = {}
    used = 0
    if os.geteuid() == 0:
        program = shutil.copy(mpiexec, open_folder)
        options = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
    else:
        program = mpiexec
        used = sum(
            len(list(Path(f"/proc/{pid}/task").iterdir()))
            for pid in os.listdir("/proc")
            if pid.isdigit() and Path(f"/proc/{pid}").stat().st_uid == os.geteuid()
        )
    most = used + 100
    job = finish(
        "-n",
        300,
        "sleep",
        100,
        mpiexec=program,
        **options,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (most, most)),
    )
    assert job.code == 1
    the_message(job, "cannot start 300 ranks: after ")
    the_message(job, f"this user may have {most} processes (ulimit -u)")
    assert job.seconds < 5
