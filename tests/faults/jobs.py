# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Running a job and looking at what it leaves.

Each job has a mark in its environment. All that its ranks start inherits it, so that after the job
every process that still has it was left behind.
"""

import os
import select
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

MARK = "MUSTER_TEST_MARK"
PYTHON = [sys.executable, "-S", "-E", "-c"]


def state(pid):
    """The letter that ps shows: R, S, T, Z ..."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def marked(mark):
    """The living processes of a job, but for the one that asks."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if mark.encode() in (entry / "environ").read_bytes():
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if state(entry.name) not in "ZX":
                    found[int(entry.name)] = command
        except OSError:
            pass
    return found


def wait_until(condition, limit=10):
    """Wait until a condition holds and return its value; fail after `limit` seconds."""
    end = time.monotonic() + limit
    while not (value := condition()):
        if time.monotonic() > end:
            pytest.fail(f"did not come to hold within {limit} s: {condition}")
        time.sleep(0.01)
    return value


class Job:
    """A running mpiexec."""

    def __init__(self, mpiexec, words, **options):
        self.mark = uuid.uuid4().hex
        self.began = time.monotonic()
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        environment = dict(options.pop("env", os.environ), **{MARK: self.mark})
        # Without a buffer, so that communicate finds what expect_line has left.
        self.process = subprocess.Popen(
            [str(word) for word in [mpiexec, *words]], env=environment, bufsize=0, **options
        )

    def send(self, number):
        self.process.send_signal(number)

    def line(self, limit=20):
        """Read a line of output; b"" at its end."""
        end = time.monotonic() + limit
        line = b""
        while not line.endswith(b"\n"):
            left = max(0, end - time.monotonic())
            if not select.select([self.process.stdout], [], [], left)[0]:
                pytest.fail(f"no line within {limit} s, only {line!r}")
            byte = self.process.stdout.read(1)
            if not byte:
                break
            line += byte
        return line

    def expect_line(self, text):
        """Read output up to a line."""
        while (line := self.line()).strip() != text.encode():
            assert line, f"the output ended before {text!r}: {self.process.communicate(timeout=20)}"

    def processes(self):
        return marked(self.mark)

    def keeper(self):
        """The process between mpiexec and the ranks."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    def end(self, limit=20, input=None):
        """Wait for the end; nothing may be left then. Sets code, out, err, message and seconds."""
        out, err = self.process.communicate(input, timeout=limit)
        self.seconds = time.monotonic() - self.began
        left = self.processes()
        self.out, self.err = (text.decode() if text is not None else "" for text in (out, err))
        self.code = self.process.returncode
        self.messages = [line for line in self.err.splitlines() if line.startswith("mpiexec: ")]
        assert not left, f"left behind: {left}"
        return self

    def kill(self):
        """Make sure that a failed test leaves nothing either."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdout, self.process.stderr, self.process.stdin):
            if stream:
                stream.close()
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def the_message(job, text):
    """mpiexec has said one thing, with this text in it."""
    assert len(job.messages) == 1, job.err
    assert text in job.messages[0]
