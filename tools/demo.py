# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Run every program in examples/ and print what each checked, how long it took, and how it scaled.

Run: python tools/demo.py      with the Python of the environment the project is installed in

A program reports by two lines: "checked: WHAT" when its result is right (without it the program
has failed), and, where time is of interest, "timed: S s", if need be with ", serial S s".
"""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
PICTURES = ROOT / "build" / "demo"
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
    Program("denoise.py", ranks=(2, 4), arguments=(str(PICTURES),)),
    Program("profile_rank.py", ranks=(4,), output="% Time"),
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
    head = ("program", "ranks", "checked", "run", "timed part", "speed-up")
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
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    sides = "<><>>>"
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


def run_all():
    """Run each program at each of its numbers of ranks, and say how it went, line by line."""
    for program in PROGRAMS:
        errors = compile_c(program.name) if program.name.endswith(".c") else ""
        for ranks in program.ranks:
            if errors:
                run = Run(program, ranks, 0.0, failure="mpicc failed", output=errors)
            else:
                run = run_program(program, ranks)
            how = f"{ranks} rank{'s' * (ranks > 1)}" if ranks else "without mpiexec"
            print(f"{program.name}, {how}: {run.failure or 'right'}", flush=True)
            yield run


def main():
    if not (BIN / "mpiexec").exists():
        sys.exit(f"demo: no mpiexec beside {sys.executable}: install the project there first")
    PICTURES.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    runs = list(run_all())
    print("", *table(runs), NOTE, sep="\n")

    draw_pi(runs)
    pictures = sorted(str(path.relative_to(ROOT)) for path in PICTURES.glob("*.png"))
    print(f"{len(runs)} runs in {time.perf_counter() - start:.0f} s.", "Pictures:", *pictures)

    failed = [run for run in runs if run.failure]
    for run in failed:
        print(f"\n==== {run.program.name}, {run.ranks} ranks: {run.failure}\n{run.output}")
    if failed:
        names = sorted({run.program.name for run in failed})
        sys.exit(f"demo: {len(failed)} of {len(runs)} runs failed: {', '.join(names)}")


if __name__ == "__main__":
    main()
