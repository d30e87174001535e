# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The test suite of upstream mpi4py (source package, version 4.1.2) on the installed library.

Builds upstream with MPICC=mpicc in an environment of its own and runs its test/main.py with mpiexec
at each number of ranks. Beside it, when asked, the same on the library of the mpich package
(--peer), and what was built for that library on ours, only the library swapped (--abi).
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections import Counter
from pathlib import Path

from common import BUILD, PREFIX, fail, make_standin, need, table

VERSION = "4.1.2"
FOLDER = BUILD / "mpi4py"
SOURCE = FOLDER / f"mpi4py-{VERSION}"
REPORTER = Path(__file__).with_name("mpi4py_report.py")
MPICH = "mpich>=5.0.2"
NUMPY = "numpy>=1.26"
STATES = ["passed", "failed", "error", "skipped", "missing"]
# Upstream is built for its tests, not for speed: that takes 20 s instead of 100.
FLAGS = "-O0"


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0],
                                     epilog=__doc__.split("\n\n")[1])
    parser.add_argument("ranks", nargs="*", type=int, help="numbers of ranks (2)")
    parser.add_argument("--peer", action="store_true",
                        help="also on the mpich package's library, with as many ranks as there are "
                        "processors at most: its ranks wait actively")
    parser.add_argument("--abi", action="store_true",
                        help="also what was built for that library, on ours")
    parser.add_argument("-i", "--include", action="append", default=[], metavar="REGEX",
                        help="only test modules of these names")
    parser.add_argument("--each", action="store_true", help="each test module in a job of its own")
    parser.add_argument("--limit", type=int, default=300, metavar="SECONDS",
                        help="longest time of a run (%(default)s)")
    parser.add_argument("--json", type=Path, default=FOLDER / "results.json", metavar="FILE")
    parser.add_argument("-v", "--verbose", action="store_true", help="what each failure says")
    return parser.parse_args()


def python(environment):
    return environment / "bin" / "python"


def environment(name, *packages):
    """A virtual environment with these packages, made once."""
    folder = FOLDER / name
    wanted = " ".join(packages)
    if not (folder / "made").exists() or (folder / "made").read_text() != wanted:
        need([sys.executable, "-m", "venv", "--clear", folder], timeout=120)
        if packages:
            pip(folder, *packages)
        (folder / "made").write_text(wanted)
    return folder


def pip(folder, *words, env=None):
    need([python(folder), "-m", "pip", "install", "-q", "--disable-pip-version-check", *words],
         timeout=580, env=env)


def source():
    """The source package, fetched once and unpacked."""
    cache = BUILD / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / f"mpi4py-{VERSION}.tar.gz"
    if not archive.exists():
        tools = environment("tools")
        need([python(tools), "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "mpi4py",
              "--disable-pip-version-check", "-d", cache, f"mpi4py=={VERSION}"], timeout=580)
    if not SOURCE.exists():
        with tarfile.open(archive) as tar:
            tar.extractall(FOLDER)
    return archive


def build(name, mpicc, key, *packages):
    """An environment with upstream built by mpicc; made again when the key changes."""
    folder = environment(name, NUMPY, *packages)
    mark = folder / "built"
    if not mark.exists() or mark.read_text() != key:
        print(f"building mpi4py {VERSION} with {mpicc}", flush=True)
        began = time.monotonic()
        pip(folder, "--no-deps", "--no-cache-dir", "--force-reinstall", source(),
            env=os.environ | {"MPICC": str(mpicc), "CFLAGS": FLAGS})
        mark.write_text(key)
        print(f"built in {time.monotonic() - began:.0f} s", flush=True)
    return folder


def ours():
    header = (PREFIX / "include" / "mpi.h").read_text()
    return build("ours", PREFIX / "bin" / "mpicc", f"{PREFIX} {hash_of(header)}")


def peers():
    folder = environment("peer", NUMPY, MPICH)
    return build("peer", folder / "bin" / "mpicc_abi", MPICH, MPICH)


def hash_of(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def run(label, folder, mpiexec, ranks, chosen, libraries, standin=None):
    """Run test/main.py once; the entry: what became of each test on each rank, and seconds."""
    # With functions missing, a process may end before its time: it takes one module with it.
    parts = [chosen.include]
    if chosen.each or standin:
        parts = [[f"^{path.name}$"] for path in sorted((SOURCE / "test").glob("test_*.py"))
                 if re.search("|".join(chosen.include), path.name)]
    env = os.environ | {"LD_LIBRARY_PATH": str(libraries)}
    limit = chosen.limit
    if standin:
        env |= {"LD_PRELOAD": str(standin), "MUSTER_STANDIN": str(standin)}
        # One rank misses a function, another waits for it; but the longest module takes 20 s of
        # each rank's CPU, and more ranks than CPUs share those.
        limit = min(limit, 60 + 30 * ranks)
    job = [mpiexec, "-n", ranks, python(folder), REPORTER, SOURCE / "test" / "main.py"]
    entry = {"label": label, "ranks": ranks, "code": 0, "tests": {}, "seconds": 0, "output": "",
             "standin": bool(standin)}
    for include in parts:
        options = [word for regex in include for word in ("-i", regex)]
        run_part([str(word) for word in [*job, *options]], env, limit, entry)
    return entry


def run_part(command, env, limit, entry):
    reports = FOLDER / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir(parents=True)
    began = time.monotonic()
    done = bounded(command, env | {"MUSTER_REPORTS": str(reports)}, limit)
    entry["seconds"] += time.monotonic() - began
    entry["code"] = entry["code"] or done.returncode
    if done.returncode != 0:
        entry["output"] += done.stdout.decode(errors="replace")[-6000:]
    said = re.search(rb"^missing: (\w+)", done.stdout, re.MULTILINE)
    for path in sorted(reports.iterdir()):
        found = read_report(path, said and said[1].decode())
        entry["tests"].setdefault(path.name, {}).update(found)


def read_report(path, missed):
    """Test -> [state, reason], the last one written. Where a function was missed, in whichever
    thread, a test may have waited in vain for what it should have done."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {name: ["missing", missed] if missed and state == "running" else [state, reason]
            for name, state, reason in lines}


def bounded(command, env, limit):
    try:
        return subprocess.run(["timeout", "-k", "5", str(limit), *command], env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=limit + 30)
    except subprocess.TimeoutExpired as expired:
        return subprocess.CompletedProcess(command, 124, expired.stdout or b"", None)


def worst(entry):
    """Test -> its state on the rank where it went worst, and why."""
    order = ["passed", "skipped", "missing", "failed", "error", "running"]
    found = {}
    for tests in entry["tests"].values():
        for name, (state, reason) in tests.items():
            if name not in found or order.index(state) > order.index(found[name][0]):
                found[name] = state, reason
    return found


def module_of(name):
    """test_x of test_x.Class.test, unittest.loader._FailedTest.test_x, setUpClass (test_x.Class)"""
    return re.search(r"\btest_\w+", name)[0]


def judge(entry):
    """Test -> state and reason. A rank that misses a function may lead others astray: what goes
    wrong in a module where one is missing says nothing, and counts as missing, too. A test that was
    cut in a module where none is missing is an error."""
    found = worst(entry)
    doubtful = {module_of(name) for tests in entry["tests"].values()
                for name, (state, reason) in tests.items() if state == "missing"}
    for name, (state, _reason) in found.items():
        if state in ("failed", "error", "running") and module_of(name) in doubtful:
            found[name] = "missing", ""
    return found


def row(entry):
    states = judge(entry)
    counts = Counter(state for state, reason in states.values())
    counts["error"] += counts["running"]
    return [entry["label"], entry["ranks"], len(states), *(counts[state] for state in STATES),
            f"{entry['seconds']:.0f}", entry["code"]]


def is_good(entry):
    """All passed, but what a stand-in was called for; then mpiexec's code says nothing."""
    states = {state for state, reason in judge(entry).values()}
    all_there = len(entry["tests"]) == entry["ranks"]
    ended_well = entry["code"] == 0 or "missing" in states
    return all_there and ended_well and states <= {"passed", "skipped", "missing"}


def show_failures(entry, verbose):
    wanted = Counter()
    for name, (state, reason) in sorted(worst(entry).items()):
        if state == "missing":
            wanted[reason] += 1
        elif state not in ("passed", "skipped"):
            last = reason if verbose else "".join(reason.strip().splitlines()[-1:])
            print(f"{entry['label']}, {entry['ranks']} ranks: {state}: {name}: {last}")
    if wanted:
        print("missing:", ", ".join(f"{name} {count}" for name, count in wanted.most_common()))
    if entry["code"] != 0 and not entry["tests"]:
        print(entry["output"])


def main():
    chosen = options()
    source()
    mine, library = ours(), PREFIX / "lib"
    mpiexec = PREFIX / "bin" / "mpiexec"
    theirs = peers() if chosen.peer or chosen.abi else None
    standin = make_standin(FOLDER / "standin", ends=False)
    entries = []
    for ranks in chosen.ranks or [2]:
        entries.append(run("ours", mine, mpiexec, ranks, chosen, library, standin))
        if chosen.abi:
            entries.append(run("library swapped", theirs, mpiexec, ranks, chosen, library, standin))
        if chosen.peer and ranks <= os.cpu_count():
            entries.append(run("peer", theirs, theirs / "bin" / "mpiexec", ranks, chosen,
                               theirs / "lib"))
    for entry in entries:
        show_failures(entry, chosen.verbose)
    chosen.json.write_text(json.dumps(entries, indent=1))
    table([["library", "ranks", "tests", *STATES, "seconds", "code"], *map(row, entries)])
    if not all(is_good(entry) for entry in entries if entry["label"] != "peer"):
        fail("not all tests passed")
    if any("missing" in {state for state, why in judge(entry).values()} for entry in entries):
        print("functions are missing: what needs them is not judged")


if __name__ == "__main__":
    main()
