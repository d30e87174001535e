# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Jobs on a terminal: what ranks see of it, what keys do, and the shell's job control."""

import errno
import fcntl
import os
import pty
import select
import shlex
import signal
import statistics
import struct
import termios
import time
import tty
import uuid

import pytest
from jobs import MARK, PYTHON, marked, state, wait_until

CLEAN_UP = """
import time
try:
    print("ready", flush=True)
    time.sleep(60)
finally:
    print("cleaned up", flush=True)
"""


class Terminal:
    """A program with a terminal of its own, and we at the keys."""

    def __init__(self, words, raw=False, rows=24, columns=80):
        self.mark = uuid.uuid4().hex
        self.seen = ""
        words = [str(word) for word in words]
        environment = dict(os.environ, **{MARK: self.mark, "PS1": "$ ", "TERM": "dumb"})
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            if raw:
                tty.setraw(0)
            os.execvpe(words[0], words, environment)
        self.code = None

    def read(self, limit):
        """Read what there is; False when the program has closed the terminal."""
        if not select.select([self.fd], [], [], limit)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError as error:
            assert error.errno == errno.EIO
            return False
        self.seen += data.decode("latin-1")
        return bool(data)

    def expect(self, text, limit=10):
        """Wait until a text has been shown; what came before it is returned and forgotten."""
        end = time.monotonic() + limit
        while text not in self.seen:
            left = end - time.monotonic()
            if left <= 0 or not self.read(left):
                pytest.fail(f"{text!r} was not shown, only {self.seen!r}")
        before, self.seen = self.seen.split(text, 1)
        return before

    def type(self, text):
        os.write(self.fd, text.encode())

    def processes(self):
        return marked(self.mark)

    def status(self):
        """The program's status in a tuple, empty while it runs."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return (status,) if pid else ()

    def end(self, limit=15):
        """Wait for the end; returns all that was shown after the last expect."""
        end = time.monotonic() + limit
        while self.read(max(0, end - time.monotonic())):
            if time.monotonic() > end:
                pytest.fail(f"the program does not end: {self.seen!r}")
        status = wait_until(self.status, 5)[0]
        self.code = os.waitstatus_to_exitcode(status)
        assert not self.processes()
        return self.seen

    def kill(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        os.close(self.fd)
        if self.code is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass


@pytest.fixture
def terminal():
    """Open a terminal: terminal(words, ...)."""
    opened = []

    def open_one(words, **options):
        opened.append(Terminal(words, **options))
        return opened[-1]

    yield open_one
    for one in opened:
        one.kill()


@pytest.fixture
def shell(terminal):
    """An interactive shell with job control."""
    t = terminal(["bash", "--norc", "--noprofile", "-i"])
    t.expect("$ ")
    t.type("bind 'set enable-bracketed-paste off' 2>/dev/null; stty -echo; PS1='% '\n")
    t.expect("% ")
    return t


def expect_ready(t, ranks):
    for _ in range(ranks):
        t.expect("ready")
    # Python heeds a signal that comes between the print and the sleep only after the sleep.
    time.sleep(0.2)


def words_of(*words):
    return " ".join(shlex.quote(str(word)) for word in words)


# --- What ranks see ---------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [1, 3])
def test_ranks_see_a_terminal(terminal, mpiexec, ranks):
    script = "import os; print(*(os.isatty(fd) for fd in range(3)))"
    t = terminal([mpiexec, "-n", ranks, *PYTHON, script])
    lines = sorted(t.end().split("\r\n"))
    assert lines == ["", *["False True True"] * (ranks - 1), "True True True"]
    assert t.code == 0


@pytest.mark.parametrize("ranks", [1, 2])
def test_bytes_are_unchanged(terminal, mpiexec, ranks):
    """The terminal's own line discipline acts once, and not at all when it is raw."""
    script = "import os; os.write(1, bytes(range(256)))"
    t = terminal([mpiexec, *PYTHON, script, *([":", "true"] if ranks == 2 else [])], raw=True)
    assert t.end() == bytes(range(256)).decode("latin-1")
    t = terminal([mpiexec, "echo", "a", *([":", "true"] if ranks == 2 else [])])
    assert t.end() == "a\r\n"


def test_both_outputs_keep_their_order(terminal, mpiexec):
    script = "for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done"
    t = terminal([mpiexec, "sh", "-c", script, ":", "true"])
    assert t.end().split() == [f"{c}{i}" for i in range(1, 6) for c in "oe"]


def test_window_size(terminal, mpiexec):
    script = """
import os, signal, time
sizes = []
def resized(*_):
    sizes.append(os.get_terminal_size(1))
    os.write(1, b"size %d %d\\n" % sizes[-1])
signal.signal(signal.SIGWINCH, resized)
resized()
while len(sizes) < 2:
    time.sleep(0.05)
"""
    t = terminal([mpiexec, "-n", 2, *PYTHON, script], rows=33, columns=77)
    t.expect("size 77 33")
    t.expect("size 77 33")
    fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 22, 66, 0, 0))
    t.expect("size 66 22")
    t.expect("size 66 22")
    t.end()
    assert t.code == 0


def test_an_unfinished_line_shows_within_50_ms(terminal, mpiexec):
    script = """
import time
for _ in range(11):
    print(f"<{time.monotonic()}>", end="", flush=True)
    time.sleep(0.2)
"""
    t = terminal([mpiexec, *PYTHON, script, ":", "true"])
    delays = []
    for _ in range(11):
        t.expect("<")
        delays.append(time.monotonic() - float(t.expect(">")))
    t.end()
    assert statistics.median(delays) < 0.05, delays


def test_prompts_do_not_mix(terminal, mpiexec):
    script = "import time; print('name? ', end='', flush=True); time.sleep(1)"
    t = terminal([mpiexec, "-n", 3, *PYTHON, script])
    assert t.end() == "\r\n".join(["name? "] * 3)


def test_the_message_begins_a_line(terminal, mpiexec):
    t = terminal([mpiexec, "sh", "-c", "printf text; exit 3", ":", "true"])
    assert t.end().startswith("text\r\nmpiexec: rank 0 exited with code 3 after ")
    assert t.code == 3


# --- Reading ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [1, 3])
def test_rank_0_reads_what_is_typed(terminal, mpiexec, ranks):
    script = "import time; print('hi', input('name? '), flush=True)"
    others = [":", "-n", ranks - 1, "true"] if ranks > 1 else []
    t = terminal([mpiexec, *PYTHON, script, *others])
    t.expect("name? ")
    t.type("bob\n")
    t.expect("hi bob\r\n")
    t.end()
    assert t.code == 0


def test_several_lines(terminal, mpiexec):
    t = terminal([mpiexec, "cat", ":", "-n", 2, "sleep", 0.1])
    for word in ("one", "two", "three"):
        t.type(f"{word}\n")
        t.expect(f"{word}\r\n{word}\r\n")
        time.sleep(0.2)
    t.type("\x04")
    t.end()
    assert t.code == 0


def test_what_nobody_reads_is_left_for_the_shell(terminal, mpiexec):
    t = terminal(["sh", "-c", f"{mpiexec} -n 2 sleep 0.7; read x; echo got $x"])
    time.sleep(0.3)
    t.type("typed ahead\n")
    t.expect("got typed ahead")
    t.end()


def test_the_rest_is_left_for_the_shell(terminal, mpiexec):
    words = words_of(mpiexec, "sh", "-c", "read x; echo rank $x", ":", "sleep", 0.3)
    t = terminal(["sh", "-c", f"{words}; read y; echo shell $y"])
    t.type("a\nb\n")
    t.expect("rank a")
    t.expect("shell b")
    t.end()


def test_a_password(terminal, mpiexec):
    script = "import getpass; x = getpass.getpass(); print('length', len(x))"
    t = terminal([mpiexec, *PYTHON, script, ":", "true"])
    t.expect("Password: ")
    time.sleep(0.2)
    t.type("secret\n")
    assert "secret" not in t.expect("length 6")
    t.end()


def test_modes_are_restored(terminal, mpiexec):
    """A rank that is killed at a password prompt leaves the echo off; mpiexec turns it on."""
    script = "import tty, os; tty.setraw(0); print('raw', flush=True); os.read(0, 1); os.kill(0, 9)"
    words = words_of(mpiexec, *PYTHON, script, ":", "sleep", 1)
    t = terminal(["sh", "-c", f"{words}; read x; echo got $x"])
    t.expect("raw")
    t.type("k")
    t.expect("mpiexec: rank 0 was killed")
    t.expect("\n")
    t.type("hello\n")
    assert "hello" in t.expect("got hello")
    t.end()


# --- Keys -------------------------------------------------------------------------------------


def test_interrupt(terminal, mpiexec):
    t = terminal([mpiexec, "-n", 3, *PYTHON, CLEAN_UP])
    expect_ready(t, 3)
    t.type("\x03")
    for _ in range(3):
        t.expect("cleaned up")
    t.end()
    assert t.code == 130


def test_interrupt_while_rank_0_reads(terminal, mpiexec):
    read = CLEAN_UP.replace("time.sleep(60)", "input()")
    t = terminal([mpiexec, *PYTHON, read, ":", "-n", 2, *PYTHON, CLEAN_UP])
    expect_ready(t, 3)
    t.type("text without an end")
    t.expect("text without an end")
    t.type("\x03")
    for _ in range(3):
        t.expect("cleaned up")
    t.end()
    assert t.code == 130


def test_second_interrupt(terminal, mpiexec):
    stay = "import signal, time; signal.signal(2, 1); print('ready', flush=True); time.sleep(60)"
    t = terminal([mpiexec, "-n", 2, *PYTHON, stay])
    expect_ready(t, 2)
    t.type("\x03")
    time.sleep(0.5)
    t.type("\x03")
    began = time.monotonic()
    t.expect("mpiexec: the job was ended by signal 2")
    assert time.monotonic() - began < 1
    t.end()
    assert t.code == 130


def test_an_interpreter_alone_survives_an_interrupt(terminal, mpiexec):
    t = terminal([mpiexec, "-n", 1, PYTHON[0], "-S", "-E", "-q", "-i"])
    t.expect(">>> ")
    time.sleep(0.2)
    t.type("\x03")
    t.expect("KeyboardInterrupt")
    t.expect(">>> ")
    time.sleep(5.5)
    t.type("6 * 7\n")
    t.expect("42")
    t.expect(">>> ")
    time.sleep(0.2)
    t.type("\x04")
    t.end()
    assert t.code == 0


def test_quit(terminal, mpiexec):
    t = terminal([mpiexec, "-n", 2, "sh", "-c", "ulimit -c 0; echo ready; sleep 60"])
    expect_ready(t, 2)
    t.type("\x1c")
    t.end()
    assert t.code == 131


def test_hangup(terminal, mpiexec):
    """The terminal goes away: so does the job."""
    t = terminal([mpiexec, "-n", 2, "sh", "-c", "sleep 100 & echo ready; sleep 60"])
    t.expect("ready")
    t.expect("ready")
    os.close(t.fd)
    t.fd = os.open("/dev/null", os.O_RDONLY)
    wait_until(lambda: not t.processes(), 5)


def test_the_launcher_is_killed_while_rank_0_has_the_terminal(terminal, mpiexec):
    words = words_of(mpiexec, "cat", ":", "sleep", 60)
    # The script is told of mpiexec's end before the keeper has taken the terminal back.
    t = terminal(["sh", "-c", f"{words}; echo code $?; sleep 0.5; read x; echo got $x"])
    t.type("to rank 0\n")
    t.expect("to rank 0\r\n")
    t.expect("to rank 0\r\n")
    children = f"/proc/{t.pid}/task/{t.pid}/children"
    with open(children) as file:
        os.kill(int(file.read().split()[0]), signal.SIGKILL)
    t.expect("code 137")
    wait_until(lambda: "muster-keeper" not in "".join(t.processes().values()), 3)
    t.type("to the shell\n")
    t.expect("got to the shell")
    t.end()


# --- The shell's job control ------------------------------------------------------------------


def test_a_background_job_runs_on(shell, mpiexec):
    words = words_of(mpiexec, "-n", 2, "sh", "-c", "sleep 1; echo still here")
    shell.type(f"{words} &\n")
    shell.expect("% ")
    time.sleep(0.4)
    shell.type("jobs\n")
    shell.expect("Running")
    shell.expect("still here")
    shell.expect("still here")
    shell.type("wait; echo code $?\n")
    shell.expect("code 0")
    shell.type("exit\n")
    shell.end()


def test_a_background_job_that_reads_stops_and_goes_on(shell, mpiexec):
    script = "print('got', input(), flush=True)"
    shell.type(words_of(mpiexec, *PYTHON, script, ":", "true") + " &\n")
    shell.expect("% ")
    time.sleep(0.5)
    shell.type("echo; jobs\n")
    shell.expect("Stopped")
    shell.expect("% ")
    shell.type("fg\n")
    time.sleep(0.3)
    shell.type("a line\n")
    shell.expect("got a line")
    shell.expect("% ")
    shell.type("exit\n")
    shell.end()


@pytest.mark.parametrize("reading", [False, True])
def test_stop_and_continue(shell, mpiexec, reading):
    first = ["cat"] if reading else ["sleep", 60]
    shell.type(words_of(mpiexec, *first, ":", "sleep", 60) + "\n")
    wait_until(lambda: len(shell.processes()) >= 5)
    time.sleep(0.3)
    if reading:
        shell.type("a line\n")
        shell.expect("a line")
    shell.type("\x1a")
    shell.expect("Stopped")
    shell.expect("% ")
    for pid, command in shell.processes().items():
        if pid != shell.pid and "muster-keeper" not in command:
            wait_until(lambda pid=pid: state(pid) == "T")
    shell.type("echo shell reads\n")
    shell.expect("shell reads\r\n")
    shell.type("fg\n")
    shell.expect("mpiexec")
    if reading:
        shell.type("another line\n")
        shell.expect("another line")
    time.sleep(0.3)
    shell.type("\x03")
    shell.expect("mpiexec: rank")
    shell.expect("% ")
    shell.type("exit\n")
    shell.end()


def test_an_interactive_shell_alone(terminal, mpiexec):
    """It takes the terminal itself, and runs its own jobs in it."""
    t = terminal([mpiexec, "bash", "--norc", "--noprofile", "-i"])
    t.expect("$ ")
    t.type("cat\n")
    wait_until(lambda: "cat " in t.processes().values())
    time.sleep(0.2)
    t.type("for cat\n")
    t.expect("for cat\r\n")
    t.expect("for cat\r\n")
    t.type("\x04")
    t.expect("$ ")
    t.type("exit 4\n")
    t.end()
    assert t.code == 4
