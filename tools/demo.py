# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Run every program in examples/ and print what each checked, how long it took, and how it scaled.

Run: python tools/demo.py [--again]     with the Python of the environment the project is in

A program reports by two lines: "checked: WHAT" when its result is right (without it the program
has failed), and, where time is of interest, "timed: S s", if need be with ", serial S s".

A run that was right is kept in build/demo/runs.json, and shown with its date instead of being run
again, until something that it depends on changes (see state_of). --again runs everything.
"""

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
PICTURES = ROOT / "build" / "demo"
KEPT = PICTURES / "runs.json"
BIN = Path(sys.executable).parent
LIMIT = 60  # seconds for one run
CORES = len(os.sched_getaffinity(0))

NOTE = f"""
run: the whole program, the start of Python included. timed part: what the program measured itself.
speed-up: of the timed part. vector_add.py, denoise.py: against the same work on one rank;
pi_numba.py: against pi_plain.py; pi_mpi.py: against pi_numba.py; pi.c: against its 1 rank;
sum_reduce.py: against sum_p2p.py at as many ranks. This machine grants {CORES} processor cores:
more ranks than that cannot compute faster.
"""


@dataclass
class Program:
    """A program, the numbers of ranks to run it at (0: without mpiexec), and what it is held to."""

    name: str
    ranks: tuple = (1, 2, 4)
    arguments: tuple = ()
    against: str = ""  # the program whose time divided by this one's is the speed-up
    output: str = ""  # a text that must stand in the output
    uses: tuple = ()  # other files in examples/
    leaves: tuple = ()  # what a run leaves in PICTURES


@dataclass
class Run:
    program: Program
    ranks: int
    seconds: float
    checked: str = ""
    timed: float | None = None
    serial: float | None = None
    failure: str = ""
    output: str = ""
    date: str = ""  # of a run that was kept


PROGRAMS = [
    Program("hello.py"),
    Program("ring.py"),
    Program("send_recv_tags.py", ranks=(2, 4)),
    Program("broadcast.py"),
    Program("scatter_gather.py"),
    Program("reduce_ops.py"),
    Program("status.py"),
    Program("parameter_sweep.py"),
    Program("vector_add.py", ranks=(1, 2, 3, 4)),
    Program("sum_p2p.py", ranks=(2, 4)),
    Program("sum_reduce.py", ranks=(2, 4), against="sum_p2p.py"),
    Program("pi_plain.py", ranks=(0,)),
    Program("pi_numba.py", ranks=(0,), against="pi_plain.py"),
    Program("pi_mpi.py", against="pi_numba.py"),
    Program(
        "denoise.py",
        ranks=(2, 4),
        arguments=(str(PICTURES),),
        uses=("photographs.py",),
        leaves=("before.png", "after.png"),
    ),
    Program("profile_rank.py", ranks=(4,), output="% Time", leaves=("profile_rank.lprof",)),
    Program("hello.c"),
    Program("ring.c"),
    Program("pi.c", against="pi.c"),
]


def command(program, ranks):
    """Return the command that runs a program, as its user would type it."""
    if program.name.endswith(".c"):
        line = [str(PICTURES / Path(program.name).stem)]
    else:
        line = [sys.executable, program.name, *program.arguments]
    if program.name == "profile_rank.py":
        profiler = [sys.executable, "-m", "kernprof", "-lv"]
        profiler += ["-o", str(PICTURES / "profile_rank.lprof"), program.name]
        line = ["-n", "1", *profiler, ":", "-n", str(ranks - 1), *line]
    elif ranks:
        line = ["-n", str(ranks), *line]
    return [str(BIN / "mpiexec"), *line] if ranks else line


@functools.cache
def compile_c(name):
    """Compile one C example; return its errors, or an empty text."""
    target = PICTURES / Path(name).stem
    line = [BIN / "mpicc", "-O2", "-Wall", "-Wextra", name, "-o", target]
    done = subprocess.run(line, cwd=EXAMPLES, capture_output=True, text=True, errors="replace")
    return "" if done.returncode == 0 else done.stdout + done.stderr


def run_program(program, ranks):
    """Run a program once; the result says in `failure` what was wrong, if anything was."""
    start = time.perf_counter()
    job = subprocess.Popen(
        command(program, ranks),
        cwd=EXAMPLES,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        output, _ = job.communicate(timeout=LIMIT)
        failure = f"exit code {job.returncode}" if job.returncode else ""
    except subprocess.TimeoutExpired:
        job.terminate()  # mpiexec ends its ranks
        try:
            output, _ = job.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            job.kill()
            output, _ = job.communicate()
        failure = f"not done after {LIMIT} s"
    run = read_report(program, ranks, output)
    run.seconds = time.perf_counter() - start
    run.failure = failure or run.failure
    return run


def read_report(program, ranks, output):
    """Take what a program said of itself out of its output."""
    run = Run(program, ranks, 0.0, output=output)
    if found := re.search(r"^checked: (.+)$", output, re.MULTILINE):
        run.checked = found[1]
    else:
        run.failure = "no line that begins with 'checked:'"
    if program.output not in output:
        run.failure = f"no {program.output!r} in the output"
    pattern = r"^timed: ([0-9.]+) s(?:, serial ([0-9.]+) s)?$"
    if found := re.search(pattern, output, re.MULTILINE):
        run.timed = float(found[1])
        run.serial = float(found[2]) if found[2] else None
    return run


def speed_up(run, runs):
    """Return the time that a run is held against divided by its own, or None."""
    if run.timed and run.serial:
        return run.serial / run.timed
    against = run.program.against
    others = [other for other in runs if other.program.name == against and other.timed]
    if not run.timed or not others:
        return None
    same = [other for other in others if other.ranks == run.ranks]
    base = same[0] if same and against != run.program.name else others[0]
    return base.timed / run.timed


def table(runs):
    """Return the lines of the table of all runs."""
    head = ("program", "ranks", "checked", "run", "timed part", "speed-up", "when")
    rows = [head]
    for run in runs:
        faster = speed_up(run, runs)
        rows.append(
            (
                run.program.name,
                str(run.ranks or "-"),
                f"FAILED: {run.failure}" if run.failure else run.checked,
                f"{run.seconds:.2f} s",
                "" if run.timed is None else f"{run.timed:.3f} s",
                "" if faster is None else f"{faster:.2f}",
                run.date or "now",
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    sides = "<><>>><"
    lines = []
    for row in rows:
        cells = zip(row, sides, widths, strict=True)
        lines.append("  ".join(f"{cell:{side}{width}}" for cell, side, width in cells).rstrip())
    return [lines[0], "-" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]]


def draw_pi(runs):
    """Draw the times of pi as bars."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = {
        "pi_plain.py": "plain Python\n(scaled)",
        "pi_numba.py": "Numba",
        "pi_mpi.py": "Numba, ",
    }
    bars = {}
    for run in runs:
        if run.program.name in names and run.timed:
            ranks = f"{run.ranks} rank{'s' * (run.ranks > 1)}" if run.ranks else ""
            bars[names[run.program.name] + ranks] = run.timed
    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    drawn = axes.bar(list(bars), list(bars.values()))
    axes.bar_label(drawn, [f"{timed:.3g} s" for timed in bars.values()])
    axes.set_yscale("log")
    axes.margins(y=0.15)  # room for the labels
    axes.set_ylabel("seconds (logarithmic)")
    axes.set_title(f"pi in 100 million steps, on {CORES} processor cores")
    figure.savefig(PICTURES / "pi.png", dpi=120)


def installation():
    """Return a fingerprint of what all programs depend on: the package, the tools beside it."""
    prefix, packages = BIN.parent, Path(sysconfig.get_path("platlib"))
    files = [BIN / "mpiexec", BIN / "mpicc", prefix / "include" / "mpi.h", Path(__file__)]
    files += prefix.glob("lib/libmpi_abi.so*")
    for package in ("mpi4py", "muster"):
        files += [p for p in packages.glob(f"{package}/**/*") if "__pycache__" not in p.parts]
    versions = sorted(path.name for path in packages.glob("*.dist-info"))
    compiler = subprocess.run(["cc", "--version"], capture_output=True, text=True).stdout
    state = hashlib.sha256(repr((sys.version, CORES, versions, compiler)).encode())
    for path in sorted(path for path in files if path.is_file()):
        state.update(path.read_bytes())
    return state.digest()


def state_of(program, common):
    """Return a fingerprint of all that a run's result depends on."""
    state = hashlib.sha256(common)
    for name in (program.name, *program.uses):
        state.update((EXAMPLES / name).read_bytes())
    state.update(repr(program).encode())
    return state.hexdigest()


class Record:
    """The runs that were right, in a file, each with the state of what it depended on."""

    def __init__(self, again=False):
        try:
            self.kept = {} if again else json.loads(KEPT.read_text())
        except (OSError, ValueError):
            self.kept = {}

    def find(self, program, ranks, state):
        """Return the kept run of a program if it still holds, or None."""
        entry = self.kept.get(f"{program.name} {ranks}")
        if not entry or entry["state"] != state:
            return None
        if not all((PICTURES / name).exists() for name in program.leaves):
            return None
        return Run(program, ranks, **entry["run"])

    def keep(self, run, state):
        """Write a run down, or take out what was written down of one that is no longer right."""
        name = f"{run.program.name} {run.ranks}"
        self.kept.pop(name, None)
        if not run.failure:
            values = {key: getattr(run, key) for key in ("seconds", "checked", "timed", "serial")}
            values["date"] = time.strftime("%Y-%m-%d %H:%M")
            self.kept[name] = {"state": state, "run": values}
        new = KEPT.with_suffix(".new")
        new.write_text(json.dumps(self.kept, indent=1))
        new.replace(KEPT)


def run_new(program, ranks):
    """Compile a program if it is to be, run it, and say how that went."""
    errors = compile_c(program.name) if program.name.endswith(".c") else ""
    if errors:
        run = Run(program, ranks, 0.0, failure="mpicc failed", output=errors)
    else:
        run = run_program(program, ranks)
    how = f"{ranks} rank{'s' * (ranks > 1)}" if ranks else "without mpiexec"
    print(f"{program.name}, {how}: {run.failure or 'right'}", flush=True)
    return run


def run_all(again):
    """Return a run of each program at each of its numbers of ranks, new or kept."""
    record = Record(again)
    common = installation()
    runs = []
    for program in PROGRAMS:
        state = state_of(program, common)
        for ranks in program.ranks:
            run = record.find(program, ranks, state)
            if not run:
                run = run_new(program, ranks)
                record.keep(run, state)
            runs.append(run)
    return runs


def main():
    if not (BIN / "mpiexec").exists():
        sys.exit(f"demo: no mpiexec beside {sys.executable}: install the project there first")
    PICTURES.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    runs = run_all(again="--again" in sys.argv[1:])
    new = [run for run in runs if not run.date]
    print("", *table(runs), NOTE, sep="\n")

    if new or not (PICTURES / "pi.png").exists():
        draw_pi(runs)
    pictures = sorted(str(path.relative_to(ROOT)) for path in PICTURES.glob("*.png"))
    print(f"{len(new)} runs in {time.perf_counter() - start:.0f} s.", "Pictures:", *pictures)
    if len(new) < len(runs):
        print(
            f"{len(runs) - len(new)} results are of an earlier call: neither the programs nor what "
            "they depend on\nhave changed since. make demo AGAIN=1 runs everything again."
        )

    failed = [run for run in runs if run.failure]
    for run in failed:
        print(f"\n==== {run.program.name}, {run.ranks} ranks: {run.failure}\n{run.output}")
    if failed:
        names = sorted({run.program.name for run in failed})
        sys.exit(f"demo: {len(failed)} of {len(runs)} runs failed: {', '.join(names)}")


if __name__ == "__main__":
    main()
