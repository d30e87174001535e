# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Run the lines of MPICH's test lists, judge them by what they write and how they end.

Several lines run at once, because ranks that wait sleep, of those that need much memory one at a
time. Those that measure time run alone, after the others.
"""

import os
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from common import PREFIX, memory_available

TIMED_OUT = 124  # what mpiexec returns then
MEASURING = ("perf", "threads/perf")
REPORT = re.compile(r"^(?:SUMMARY|FATAL): (ThreadSanitizer: .*)$", re.MULTILINE)
EXPECTED = re.compile(r"^\s*(No [Ee]rrors|Test [Pp]assed)\s*$")
KEEP = 4000  # bytes of output
LIMIT = 180  # seconds, for a line that names none, as in MPICH's own script


def judge(line, code, output):
    """passed, failed, timed out or missing, and the reason in words."""
    if report := REPORT.search(output):
        return "failed", report[1]
    called = sorted(set(re.findall(r"^missing: (\w+)$", output, re.MULTILINE)))
    if called:
        return "missing", " ".join(called)
    if line.result == "TestErrFatal" and line.limit and code == TIMED_OUT:
        return "passed", ""  # it waits to be ended by mpiexec's limit
    if code == TIMED_OUT:
        return "timed out", ""
    if line.result in ("TestErrFatal", "TestStatus"):
        wrong = code == 0 or code > 128
        return ("failed", f"ended with {code}") if wrong else ("passed", "")
    if code != 0:
        return "failed", f"ended with {code}"
    if line.result == "ExitCode":
        return "passed", ""
    said = [text for text in output.splitlines() if text.strip()]
    other = [text for text in said if not EXPECTED.match(text)]
    if other:
        return "failed", f"wrote {other[0].strip()[:100]!r}"
    return ("passed", "") if said else ("failed", "wrote nothing")


def start(line, limit, folder, kind):
    command = [PREFIX / "bin" / "mpiexec", "-n", line.ranks, "--timeout", limit, *line.mpiexec,
               f"./{line.program}", *line.args]
    return subprocess.Popen([str(word) for word in command], cwd=folder, start_new_session=True,
                            env=os.environ | kind.env | line.env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def finish(job, limit):
    """Code and output; mpiexec itself has more time than its job."""
    try:
        return job.communicate(timeout=limit + 30)[0], job.returncode
    except subprocess.TimeoutExpired:
        os.killpg(job.pid, signal.SIGKILL)
        return job.communicate()[0] + b"\nmpiexec did not end its job\n", TIMED_OUT


def run_line(line, kind, most):
    """Run one line in an empty folder with the programs beside it; return its entry."""
    limit = line.limit or LIMIT
    limit = min(limit, most) if most else limit
    began = time.monotonic()
    with TemporaryDirectory(prefix="muster-suite-") as folder:
        for program in (kind.folder / line.folder).iterdir():
            if program.is_file():
                (Path(folder) / program.name).symlink_to(program)
        output, code = finish(start(line, limit, folder, kind), limit)
    text = output.decode(errors="replace")
    state, reason = judge(line, code, text)
    return {"state": state, "reason": reason, "code": code, "output": text[-KEEP:],
            "seconds": round(time.monotonic() - began, 2)}


def run_lines(lines, kind, jobs, most, tell):
    """Run all lines, call tell(line, entry) after each."""
    def one(line):
        if line.memory > memory_available():
            there = f"{memory_available():.1f}"
            entry = {"state": "no memory", "reason": f"{line.memory} GiB of {there}",
                     "seconds": 0, "code": 0, "output": ""}
        else:
            entry = run_line(line, kind, most)
        tell(line, entry)

    measuring = [line for line in lines if line.folder in MEASURING]
    others = [line for line in lines if line.folder not in MEASURING]
    with ThreadPoolExecutor(1) as one_by_one, ThreadPoolExecutor(jobs) as pool:
        done = [one_by_one.map(one, [line for line in others if line.memory >= 1]),
                pool.map(one, [line for line in others if line.memory < 1])]
        for results in done:
            list(results)
    for line in measuring:
        one(line)
