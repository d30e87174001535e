# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Standard input, where it is no terminal."""

import os
import signal
import subprocess
import time

from jobs import PYTHON


def test_rank_0_reads(finish):
    job = finish("-n", 3, "-l", "cat", input=b"a\nb\n")
    assert (job.code, job.out) == (0, "[0] a\n[0] b\n")


def test_others_have_none(finish):
    job = finish("-n", 3, "sh", "-c", "readlink /proc/self/fd/0", stdin=subprocess.PIPE)
    assert sorted(job.out.split())[:2] == ["/dev/null"] * 2
    assert sorted(job.out.split())[2].startswith("pipe:")


def test_none_at_all(finish):
    job = finish("-stdin", "none", "-n", 2, "cat", input=b"a\n")
    assert (job.code, job.out) == (0, "")


def test_what_is_not_read_stays(mpiexec):
    script = f"printf 'a\\nb\\n' | ({mpiexec} -n 2 true; cat)"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=20)
    assert done.stdout == "a\nb\n"


def test_a_file_is_read_in_turn(mpiexec, tmp_path):
    (tmp_path / "file").write_text("a\nb\n")
    script = f"({mpiexec} -n 2 sh -c 'read x; echo got $x'; read y; echo $y) < {tmp_path}/file"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=20)
    assert sorted(done.stdout.split("\n")) == ["", "b", "got", "got a"]


def test_much_input(finish):
    job = finish("-n", 2, "sh", "-c", "wc -c", input=b"x" * 5_000_000)
    assert sorted(job.out.split()) == ["0", "5000000"]


def test_the_writer_notices_that_rank_0_is_gone(start):
    """Nobody else of the job keeps the pipe open."""
    job = start(*PYTHON, "print(input())", ":", "sleep", 2, stdin=subprocess.PIPE)
    job.process.stdin.write(b"first\n")
    job.expect_line("first")
    end = time.monotonic() + 1.5
    try:
        while time.monotonic() < end:
            os.write(job.process.stdin.fileno(), b"more\n")
            time.sleep(0.01)
        raise AssertionError("the pipe is still open somewhere")
    except BrokenPipeError:
        pass
    job.process.stdin.close()
    job.process.stdin = None
    job.send(signal.SIGTERM)
    job.end()
