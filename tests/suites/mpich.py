# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""MPICH's own test programs (Debian's source package, version 4.0.2) on the installed library.

Fetches them, builds them with mpicc, runs each line of their lists with mpiexec, and prints a table
by folder. What each line did is kept in build/suites/mpich/results.json.
"""

import argparse
import fnmatch
import json
import os
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import mpich_source
from common import BUILD, fail, table
from mpich_build import PLAIN, Builder, tsan
from mpich_lines import read_all
from mpich_run import MEASURING, run_lines

NOT_APPLICABLE = Path(__file__).with_name("mpich-not-applicable.txt")
TO_COME = Path(__file__).parents[1] / "exports-to-come.txt"
STATES = ["passed", "failed", "timed out", "missing", "not built", "no memory", "not applicable"]
# Lines with several threads in a rank, for --tsan: not those with windows or new processes, nor
# those that repeat a line with 1,000 times the data, a minute each.
THREADED = ["threads/*", "impls/mpich/threads/*"]
NOT_TSAN = ["threads/rma/*", "threads/spawn/*", "threads/perf/*", "* -count=4194304"]
FAST = {"every": 8, "ranks": 4, "limit": 60}


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0],
                                     epilog=__doc__.split("\n\n")[1])
    parser.add_argument("what", nargs="*", metavar="FOLDER|FOLDER/PROGRAM",
                        help="what to run, patterns allowed: coll, 'errors/*', coll/bcast (all)")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count(),
                        help="lines at once (%(default)s), and one of those that need much memory")
    parser.add_argument("--limit", type=int, metavar="SECONDS",
                        help="cut the time of a line (180, or what it names)")
    parser.add_argument("--max-ranks", type=int, metavar="N", help="leave out lines with more")
    parser.add_argument("--only-fast", action="store_true",
                        help="every {every}th line with at most {ranks} ranks that needs little "
                        "memory and names no long limit".format(**FAST))
    parser.add_argument("--untimed", action="store_true",
                        help="leave out the programs that judge by times that they measure")
    parser.add_argument("--tsan", action="store_true",
                        help="programs and library under ThreadSanitizer, which sees the threads "
                        "of a rank: a report fails the line (those with several threads)")
    parser.add_argument("--again", action="store_true",
                        help="only lines that did not pass when they last ran")
    parser.add_argument("--build-only", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE",
                        help="where results are kept (build/suites/mpich/results.json, or "
                        "results-tsan.json)")
    parser.add_argument("-v", "--verbose", action="store_true", help="the output of what fails")
    chosen = parser.parse_args()
    name = "results-tsan.json" if chosen.tsan else "results.json"
    chosen.json = chosen.json or BUILD / "mpich" / name
    return chosen


def not_applicable(lines):
    """Line -> reason. The file has a reason at the margin, below it patterns of lines, indented."""
    reasons, reason = {}, ""
    for text in NOT_APPLICABLE.read_text().splitlines():
        if text.startswith("#") or not text.strip():
            continue
        if not text.startswith(" "):
            reason = text
            continue
        matching = [line for line in lines if matches(line, text.strip())]
        if not matching:
            fail(f"{NOT_APPLICABLE.name}: no line is called {text.strip()}")
        reasons.update({str(line): reason for line in matching})
    return reasons


def matches(line, pattern):
    names = (line.folder, f"{line.folder}/{line.program}", str(line))
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)


def select(lines, reasons, chosen):
    """The lines to look at, those that do not apply among them."""
    if chosen.tsan:
        lines = [x for x in lines if any(matches(x, p) for p in THREADED)
                 and not any(matches(x, p) for p in NOT_TSAN)]
    if chosen.what:
        lines = [x for x in lines if any(matches(x, p) or matches(x, p + "/*")
                                         for p in chosen.what)]
    if chosen.max_ranks:
        lines = [line for line in lines if line.ranks <= chosen.max_ranks]
    if chosen.untimed or chosen.only_fast:
        lines = [line for line in lines if line.folder not in MEASURING]
    if chosen.only_fast:
        lines = [line for line in lines if str(line) not in reasons and line.memory == 0
                 and line.ranks <= FAST["ranks"] and (line.limit or 0) <= FAST["limit"]]
        lines = lines[::FAST["every"]]
    return lines


def read_results(path):
    return json.loads(path.read_text()) if path.exists() else {}


class Teller:
    """Collects entries, keeps them in the file, and says what is wrong as it happens."""

    def __init__(self, path, total, verbose):
        self.path, self.total, self.verbose = path, total, verbose
        self.results, self.count, self.lock = read_results(path), 0, threading.Lock()

    def __call__(self, line, entry):
        with self.lock:
            self.count += 1
            self.results[str(line)] = entry | {"folder": line.folder}
            if entry["state"] not in ("passed", "missing"):
                print(f"[{self.count}/{self.total}] {entry['state']}: {line}: {entry['reason']}",
                      flush=True)
                if self.verbose:
                    print(entry["output"], flush=True)
            if self.count % 20 == 0:
                self.keep()

    def keep(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.results, indent=1))
        new.rename(self.path)


def print_table(lines, results, reasons):
    rows, total, seconds = [], Counter(), 0.0
    for folder in dict.fromkeys(line.folder for line in lines):
        names = [str(line) for line in lines if line.folder == folder]
        entries = [{"state": "not applicable", "seconds": 0} if name in reasons
                   else results.get(name, {"state": "", "seconds": 0}) for name in names]
        counts = Counter(entry["state"] for entry in entries)
        spent = sum(entry["seconds"] for entry in entries)
        rows.append([folder, *(counts[state] or "" for state in STATES), f"{spent:.0f}"])
        total, seconds = total + counts, seconds + spent
    rows.append(["all", *(total[state] for state in STATES), f"{seconds:.0f}"])
    table([["folder", *STATES, "seconds"], *rows])
    return total


def print_missing(lines, results):
    """The functions that were called and do not exist, most wanted first; returns those of them
    that the project does not know to be missing."""
    wanted = Counter(name for line in lines for entry in [results.get(str(line))]
                     if entry and entry["state"] == "missing" for name in entry["reason"].split())
    if wanted:
        print("missing:", ", ".join(f"{name} {count}" for name, count in wanted.most_common()))
    return set(wanted) - set(TO_COME.read_text().split() if TO_COME.exists() else [])


def build(lines, kind, jobs):
    began = time.monotonic()
    builder = Builder(mpich_source.source(), jobs, kind)
    wanted = {f"{line.folder}/{line.program}" for line in lines}
    folders = list(dict.fromkeys(line.folder for line in lines))
    states = builder.build_folders(folders, wanted)
    print(f"{len(states)} programs built in {time.monotonic() - began:.0f} s", flush=True)
    return states


def main():
    chosen = options()
    lines = read_all(mpich_source.source())
    reasons = not_applicable(lines)
    lines = select(lines, reasons, chosen)
    if not lines:
        fail(f"nothing is called {' '.join(chosen.what)}")
    runnable = [line for line in lines if str(line) not in reasons]
    if chosen.again:
        before = read_results(chosen.json)
        runnable = [x for x in runnable if before.get(str(x), {}).get("state") != "passed"]
    kind = tsan() if chosen.tsan else PLAIN
    states = build(runnable, kind, chosen.jobs)
    tell = Teller(chosen.json, len(runnable), chosen.verbose)
    ready = []
    for line in runnable:
        error = states.get(f"{line.folder}/{line.program}", "no such program")
        if error:
            tell(line, {"state": "not built", "reason": error, "seconds": 0, "output": ""})
        else:
            ready.append(line)
    if chosen.build_only:
        tell.keep()
        print(f"{len(runnable) - len(ready)} of {len(runnable)} lines have no program")
        sys.exit(len(runnable) != len(ready))
    began = time.monotonic()
    run_lines(ready, kind, chosen.jobs, chosen.limit, tell)
    tell.keep()
    total = print_table(lines, tell.results, reasons)
    unknown = print_missing(lines, tell.results)
    print(f"{len(ready)} lines in {time.monotonic() - began:.0f} s")
    bad = sum(total[state] for state in ("failed", "timed out", "not built"))
    sys.exit(1 if bad or unknown else 0)


if __name__ == "__main__":
    main()
