# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""What the tests share: where things are, and running programs with a limit.

MUSTER_PREFIX names the installation under test; without it, that of the running Python.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PREFIX = Path(os.environ.get("MUSTER_PREFIX", sys.prefix))
RANKS = [1, 2, 3, 4, 5, 8]


def run(command, timeout=120, check=True, **options):
    """Run a program to its end; its output is in the failure when it ends with another code than 0."""
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout,
        **options,
    )
    if check and done.returncode != 0:
        pytest.fail(f"{command} ended with {done.returncode}:\n{done.stdout[-6000:]}", pytrace=False)
    return done


@pytest.fixture(scope="session")
def mpiexec():
    return PREFIX / "bin" / "mpiexec"


@pytest.fixture(scope="session")
def mpicc():
    return PREFIX / "bin" / "mpicc"


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """A folder for programs that the tests compile."""
    folder = ROOT / "build" / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def sanitized():
    """A build of the engine under AddressSanitizer and UndefinedBehaviorSanitizer."""
    folder = ROOT / "build" / "sanitized"
    meson = Path(sys.executable).with_name("meson")
    if not (folder / "build.ninja").exists():
        run(
            [meson, "setup", folder, ROOT, "-Db_sanitize=address,undefined", "-Db_lundef=false", "-Dwerror=true", "-Dpython=false",
             "-Dbuildtype=debugoptimized", "-Db_ndebug=false"],
            timeout=300,
        )
    run([meson, "compile", "-C", folder], timeout=900)
    return folder
