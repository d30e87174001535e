# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The command line, seen from outside; launcher/options_test.c has its many spellings."""

import os
import resource
import subprocess

import pytest
from jobs import PYTHON, the_message
from support import PREFIX

TICKET = "import os; print(*os.environ['MUSTER_JOB'].split(':')[2:4])"


def test_help_and_version(finish):
    job = finish("--help")
    assert job.code == 0
    for section in ("SYNOPSIS", "DESCRIPTION", "OPTIONS", "HOW A JOB ENDS", "EXIT CODE"):
        assert f"\n{section}\n" in job.out
    assert max(len(line) for line in job.out.splitlines()) < 92
    job = finish("--version")
    assert (job.code, job.out[:17]) == (0, "mpiexec (Muster) ")


def test_mpirun_is_the_same(finish):
    done = subprocess.run([PREFIX / "bin" / "mpirun", "-n", "2", "echo", "hi"],
                          capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (0, "hi\nhi\n")


@pytest.mark.parametrize(
    "words, text",
    [
        ([], "no program is given (try: mpiexec -n 4 PROGRAM)"),
        (["-n", 0, "true"], "-n 0: a job has at least one rank"),
        (["--oversubscibe", "true"], "unknown option '--oversubscibe'; the nearest known one is "
         "'--oversubscribe'"),
        (["-outfile-pattern", "x", "true"], "-outfile-pattern is not supported: redirect"),
        (["-host", "far.invalid", "true"], "host 'far.invalid' is not this machine"),
        (["-initial-errhandler", "x", "true"], "the error handlers are mpi_errors_are_fatal"),
    ],
)
def test_mistakes(finish, words, text):
    job = finish(*words)
    assert (job.code, job.out) == (2, "")
    assert len(job.err.splitlines()) == 1
    assert text in job.messages[0]


def test_one_rank_by_default(finish):
    assert finish(*PYTHON, TICKET).out == "0 1\n"


def test_ranks_of_several_programs(finish):
    script = "import sys, os; print(sys.argv[1], *os.environ['MUSTER_JOB'].split(':')[2:4])"
    job = finish("-n", 2, *PYTHON, script, "a", ":", *PYTHON, script, "b", ":", "-n", 1, *PYTHON,
                 script, "c")
    assert sorted(job.out.splitlines()) == ["a 0 4", "a 1 4", "b 2 4", "c 3 4"]


def test_configfile(finish, tmp_path):
    (tmp_path / "jobs").write_text("# two programs\n-n 2 sh -c 'echo \"a b\"'\n-n 1 \\\n  echo c\n")
    job = finish("-configfile", tmp_path / "jobs")
    assert sorted(job.out.splitlines()) == ["a b", "a b", "c"]


def test_directories(finish, tmp_path):
    (tmp_path / "here").write_text("#!/bin/sh\npwd\n")
    (tmp_path / "here").chmod(0o755)
    for words in (["-wdir", tmp_path, "./here"], ["--wd", tmp_path, "here"],
                  ["-gwdir", tmp_path, "./here"], ["-path", tmp_path, "-wdir", tmp_path, "here"]):
        job = finish(*words)
        assert (job.code, job.out, job.err) == (0, f"{tmp_path}\n", ""), words


def test_environment(finish):
    script = "echo $A $B $C ${PMI_RANK-unset} ${OMPI_COMM_WORLD_RANK-unset}"
    environment = dict(os.environ, A="0", C="3", PMI_RANK="7", OMPI_COMM_WORLD_RANK="7")
    job = finish("-genv", "A", "1", "-env", "B", "2", "sh", "-c", script, ":", "-x", "C", "-x",
                 "B=x=y", "sh", "-c", script, env=environment)
    assert sorted(job.out.splitlines()) == ["1 2 3 unset unset", "1 x=y 3 unset unset"]


def test_environment_of_a_program_alone(finish):
    job = finish("-envnone", "-env", "A", "1", "env")
    names = sorted(line.split("=")[0] for line in job.out.splitlines())
    assert names == ["A", "MUSTER_JOB"]


def test_no_environment_at_all(finish, mpiexec):
    done = subprocess.run(["env", "-i", mpiexec, "-n", "2", "echo", "hi"], capture_output=True,
                          text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hi\nhi\n", "")


def test_error_handler(finish, act):
    words = [act, "*:init", "1:exit=3", "*:receive", "*:finalize"]
    assert finish("-n", 2, *words).out == ""
    job = finish("-n", 2, "-initial-errhandler", "mpi_errors_return", *words)
    assert (job.code, job.out) == (3, "peer failed\n")


def test_a_nested_launcher_starts_its_own_job(finish, mpiexec, act):
    """In a rank, before and after it has joined; its ranks do not have the outer job's memory."""
    look = "ls -l /proc/self/fd | grep -c memfd:muster; "
    inner = f"{mpiexec} -n 3 sh -c '{look} exec {act} \"*:init\" \"*:size\" \"*:finalize\"'"
    job = finish("-n", 2, "sh", "-c", inner)
    assert (job.code, job.err) == (0, "")
    assert sorted(job.out.splitlines()) == ["1"] * 6 + ["size 3"] * 6


def test_files_can_be_opened_by_many_ranks(finish):
    """The limit of descriptors is raised in the launcher and stays in the ranks."""
    def limit():
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (150, hard))

    job = finish("-n", 200, "sh", "-c", "ulimit -Sn", limit=60, preexec_fn=limit)
    assert (job.code, job.err, job.out) == (0, "", "150\n" * 200)


def test_few_files_are_enough_for_few_ranks(finish, act):
    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    job = finish("-n", 4, act, "*:init", "*:size", "*:finalize", preexec_fn=limit)
    assert (job.code, job.err, job.out) == (0, "", "size 4\n" * 4)


def test_a_limit_of_file_sizes_below_the_segment(finish):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    job = finish("-n", 2, "true", preexec_fn=limit)
    assert (job.code, job.out) == (1, "")
    the_message(job, "cannot make a segment of ")
    the_message(job, " for 2 ranks: File too large (ulimit -f)")


def test_a_thousand_ranks(finish):
    job = finish("-n", 1024, "sh", "-c", "echo ${MUSTER_JOB#*:*:}", limit=60)
    assert (job.code, job.err) == (0, "")
    ranks = sorted(int(line.split(":")[0]) for line in job.out.splitlines())
    assert ranks == list(range(1024))
