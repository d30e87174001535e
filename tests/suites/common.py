# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""What the suites share: where things are, and a stand-in for functions that are still to come."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "suites"
PREFIX = Path(os.environ.get("MUSTER_PREFIX", ROOT / ".venv"))
LIBRARY = "libmpi_abi.so.1"
UNSUPPORTED = 55  # MPI_ERR_UNSUPPORTED_OPERATION

sys.path.insert(0, str(ROOT / "tools"))
from abi_functions import functions  # noqa: E402

# What a stand-in does when a program calls it: say its name, then end the process, or give an error
# to a program that goes on after errors and looks at `muster_missing_calls`.
STANDIN = """\
#include <stdio.h>
#include <unistd.h>
int muster_missing_calls;
char muster_missing_name[64];
static int
missing(const char *name)
{{
    muster_missing_calls++;
    snprintf(muster_missing_name, sizeof muster_missing_name, "%s", name);
    dprintf(2, "missing: %s\\n", name);
    if ({ends})
        _exit(111);
    return {error};
}}
#define MISSING(name) \\
    int P##name(void) {{ return missing(#name); }} \\
    int name(void) {{ return missing(#name); }}
{lines}
"""


def fail(text):
    sys.exit(f"{Path(sys.argv[0]).name}: {text}")


def run(command, **options):
    """Run a program; its output in .stdout, both streams."""
    return subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def need(command, **options):
    """Run a program that must succeed."""
    done = run(command, **options)
    if done.returncode != 0:
        fail(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def exported(library):
    text = need(["nm", "-D", "--defined-only", library])
    return {line.split()[-1] for line in text.splitlines()}


def missing(prefix=PREFIX):
    """Functions of mpi.h that the installed library does not have, MPI_ names in their order."""
    there = exported(prefix / "lib" / LIBRARY)
    return [name for name in functions() if name.startswith("MPI_") and name not in there]


def make_standin(folder, ends):
    """A library with all missing functions, or None where none is missing."""
    names = missing()
    if not names:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    text = STANDIN.format(ends=int(ends), error=UNSUPPORTED,
                          lines="\n".join(f"MISSING({name})" for name in names))
    source, library = folder / "missing.c", folder / "libmissing.so"
    if not library.exists() or not source.exists() or source.read_text() != text:
        source.write_text(text)
        need(["cc", "-shared", "-fPIC", "-w", "-O1", source, "-o", folder / "libmissing.new"])
        (folder / "libmissing.new").rename(library)
    return library


def memory_available():
    """GiB that can be used now, here or in what limits this container."""
    free = int(re.search(r"MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) << 10
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.exists() and limit.read_text().strip() != "max":
        free = min(free, int(limit.read_text()) - int(used.read_text()))
    return free / 2**30


def table(rows, left=1):
    """Rows of words in columns, the first ones to the left, numbers to the right."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        words = [str(word).ljust(width) if i < left else str(word).rjust(width)
                 for i, (word, width) in enumerate(zip(row, widths, strict=True))]
        print("  ".join(words).rstrip())
