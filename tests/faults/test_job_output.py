# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""What ranks write, and what of it comes out where."""

import os
import random
import re
import select
import signal
import subprocess
import time

import pytest
from jobs import PYTHON

# Lines of rank r, in pieces of any size: "r i xxxx".
WRITE_LINES = """
import os, random, sys
rank = int(os.environ["MUSTER_JOB"].split(":")[2])
random.seed(rank)
lines = b"".join(b"%d %d %s\\n" % (rank, i, b"x" * (i * 37 % {most})) for i in range({count}))
while lines:
    n = random.randrange(1, {piece})
    os.write(1, lines[:n])
    lines = lines[n:]
"""


def check_lines(output, ranks, count, most):
    """Every line whole, each rank's in its order."""
    wanted = [0] * ranks
    for line in output.splitlines():
        rank, i, text = (line + " ").split(" ", 2)
        rank, i = int(rank), int(i)
        assert i == wanted[rank], f"rank {rank}: line {i} instead of {wanted[rank]}"
        assert text.strip() == "x" * (i * 37 % most)
        wanted[rank] += 1
    assert wanted == [count] * ranks


@pytest.mark.parametrize(
    "count, most, piece", [(2000, 200, 50), (3000, 2000, 20000), (20, 60000, 9000)]
)
def test_lines_stay_whole(finish, count, most, piece):
    script = WRITE_LINES.format(count=count, most=most, piece=piece)
    job = finish("-n", 4, *PYTHON, script, limit=60)
    assert (job.code, job.err) == (0, "")
    check_lines(job.out, 4, count, most)


@pytest.mark.parametrize("mode", ["w", "a"])
@pytest.mark.parametrize("count, most, piece", [(2000, 200, 50), (4000, 2000, 400000)])
def test_lines_stay_whole_in_a_file(finish, tmp_path, mode, count, most, piece):
    script = WRITE_LINES.format(count=count, most=most, piece=piece)
    with open(tmp_path / "out", mode) as file:
        job = finish("-n", 4, *PYTHON, script, stdout=file)
    assert job.code == 0
    check_lines((tmp_path / "out").read_text(), 4, count, most)


def test_lines_stay_whole_in_standard_error(finish):
    script = WRITE_LINES.format(count=1000, most=200, piece=50).replace("os.write(1", "os.write(2")
    job = finish("-n", 4, *PYTHON, script)
    assert (job.code, job.out) == (0, "")
    check_lines(job.err, 4, 1000, 200)


@pytest.mark.parametrize("ranks", [1, 3])
def test_binary_data(start, tmp_path, ranks):
    """Every byte, also across many pieces; one rank writes."""
    data = random.Random(1).randbytes(3_000_000)
    (tmp_path / "data").write_bytes(data)
    others = [":", "-n", ranks - 1, "true"] if ranks > 1 else []
    job = start("cat", tmp_path / "data", *others)
    out, err = job.process.communicate(timeout=20)
    assert out == data
    assert (job.process.returncode, err) == (0, b"")


@pytest.mark.parametrize("ranks", [1, 4])
def test_a_missing_last_newline(finish, ranks):
    job = finish("-n", ranks, "printf", "a\\nb")
    assert (job.code, sorted(job.out)) == (0, sorted("a\nb" * ranks))
    assert job.out.endswith("b" * ranks), "unfinished lines come last, together"


def test_an_unfinished_line_is_held(start):
    """Another rank's line does not go into it."""
    job = start("sh", "-c", "printf a; sleep 1; echo b", ":", "sh", "-c", "sleep 0.4; echo x")
    assert job.line() == b"x\n"
    assert job.line() == b"ab\n"
    job.end()


def test_a_long_unfinished_line_is_passed_on(start):
    job = start("sh", "-c", "head -c 70000 /dev/zero; sleep 2; echo b", ":", "true")
    left = 70000
    while left and select.select([job.process.stdout], [], [], 1.5)[0]:
        got = len(os.read(job.process.stdout.fileno(), left))
        assert got, "the output has ended"
        left -= got
    assert not left and time.monotonic() - job.began < 1.5
    assert job.line() == b"b\n"
    job.end()


def test_a_long_line_stays_whole(finish):
    """Lines of 500,000 characters, while others write."""
    script = "import os; os.write(1, (b'%d' % (os.getpid() % 10)) * 500000 + b'\\n')"
    job = finish("-n", 4, *PYTHON, script, limit=60)
    lines = job.out.splitlines()
    assert [len(line) for line in lines] == [500000] * 4
    assert all(len(set(line)) == 1 for line in lines)


def test_both_outputs_in_one_keep_their_order(finish):
    """2>&1: what a rank writes to one and to the other stays in order, and lines whole."""
    script = "for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; printf p; printf q >&2; echo; done"
    job = finish("-n", 3, "-l", "sh", "-c", script, stderr=subprocess.STDOUT)
    wanted = [line for i in range(1, 6) for line in (f"o{i}", f"e{i}", "pq")]
    for rank in range(3):
        lines = [line[4:] for line in job.out.splitlines() if line.startswith(f"[{rank}] ")]
        assert lines == wanted
    assert len(job.out.splitlines()) == 45


@pytest.mark.parametrize("option", ["-l", "--tag-output", "-prepend-rank"])
def test_tags(finish, option):
    job = finish(option, "-n", 3, "printf", "a\\n\\nb")
    wanted = [f"[{r}] {text}" for r in range(3) for text in ("a", "", "b")]
    assert sorted(job.out.split("\n")) == sorted(wanted)


def test_tags_of_one_rank(finish):
    job = finish("-l", "sh", "-c", "echo a; echo b >&2")
    assert (job.out, job.err) == ("[0] a\n", "[0] b\n")


def test_merged_outputs(finish):
    job = finish("--merge-stderr-to-stdout", "-n", 2, "sh", "-c", "echo a; echo b >&2")
    assert (job.err, sorted(job.out.split())) == ("", ["a", "a", "b", "b"])


@pytest.mark.parametrize("ranks", [1, 3])
def test_the_reader_goes_away(start, ranks):
    """As with `| head -1`: no hang, and a code that says so."""
    job = start("-n", ranks, "yes")
    assert job.line() == b"y\n"
    job.process.stdout.close()
    job.process.stdout = None
    job.end()
    assert job.code == 128 + signal.SIGPIPE
    assert len(job.messages) == 1
    assert re.search(r"rank \d was killed by signal 13 \(SIGPIPE, Broken pipe\)", job.messages[0])
    assert job.seconds < 3


def test_the_reader_goes_away_and_ranks_do_not_mind(start):
    job = start("-n", 3, "sh", "-c", "trap '' PIPE; while :; do echo y; sleep 0.01; done; exit 0")
    job.line()
    job.process.stdout.close()
    job.process.stdout = None
    time.sleep(0.3)
    assert job.process.poll() is None
    job.send(signal.SIGTERM)
    job.end()
    assert job.code == 143


def test_nobody_reads_and_the_exit_code_is_kept(finish):
    reader, writer = os.pipe()
    os.close(reader)
    job = finish("-n", 2, "sh", "-c", "echo a; exit 5", stdout=writer)
    os.close(writer)
    assert job.code in (5, 141)


def test_a_full_device(finish):
    with open("/dev/full", "w") as full:
        job = finish("-n", 2, "sh", "-c", "echo a", stdout=full)
    # A rank that writes after that gets SIGPIPE.
    assert job.code in (1, 141)
    assert len(job.messages) == 1
    assert job.messages[0].startswith(
        "mpiexec: cannot write standard output: No space left on device"
    )


def test_closed_descriptors(finish, mpiexec):
    """mpiexec <&- >&- 2>&-: ranks have /dev/null there."""
    script = f"{mpiexec} -n 2 sh -c 'ls -l /proc/self/fd/0 && cat && echo hi' <&- >&- 2>&-"
    assert subprocess.run(["sh", "-c", script], timeout=20).returncode == 0


def test_a_slow_reader_does_not_hide_a_failure(start, act, tmp_path):
    """Rank 0 is blocked in a write; rank 1 dies: the job ends, and what was written can be read."""
    script = "while :; do echo some text; done"
    job = start("sh", "-c", script, ":", "sh", "-c", "sleep 0.5; kill -9 $$")
    end = time.monotonic() + 5
    while "sh " in " ".join(v[:3] for v in job.processes().values()) and time.monotonic() < end:
        time.sleep(0.05)
    assert time.monotonic() < end, "the ranks are ended although nobody reads"
    assert job.process.poll() is None, "the rest of the output is kept for the reader"
    job.end()
    assert job.code == 137
    assert len(job.out) > 60000
    assert set(job.out.splitlines()[:-1]) == {"some text"}


def test_a_reader_that_never_reads(start):
    """A second signal after the end of all ranks gives up the output."""
    job = start("-n", 2, "yes")
    time.sleep(0.3)
    job.send(signal.SIGTERM)
    time.sleep(0.5)
    assert set(job.processes()) == {job.process.pid}
    job.send(signal.SIGTERM)
    job.process.wait(5)
    assert job.process.returncode == 143
