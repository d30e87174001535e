# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Fixtures of all tests: the installed programs, and a build under the sanitizers."""

import signal
import sys
from pathlib import Path

import pytest
from support import PREFIX, ROOT, run

# Who starts the tests in the background, or with nohup, has these ignored, and so would every job.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def mpiexec():
    return PREFIX / "bin" / "mpiexec"


@pytest.fixture(scope="session")
def mpicc():
    return PREFIX / "bin" / "mpicc"


@pytest.fixture(scope="session")
def build():
    """A folder for programs that the tests compile."""
    folder = ROOT / "build" / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def sanitized():
    """A build of the engine under AddressSanitizer and UndefinedBehaviorSanitizer."""
    return build_with("address,undefined", ROOT / "build" / "sanitized")


@pytest.fixture(scope="session")
def thread_sanitized():
    """A build of the engine under ThreadSanitizer, which tests/suites uses as well."""
    return build_with("thread", ROOT / "build" / "suites" / "tsan")


def build_with(sanitizers, folder):
    meson = Path(sys.executable).with_name("meson")
    if not (folder / "build.ninja").exists():
        run(
            [meson, "setup", folder, ROOT, f"-Db_sanitize={sanitizers}", "-Db_lundef=false",
             "-Dwerror=true", "-Dpython=false", "-Dbuildtype=debugoptimized", "-Db_ndebug=false",
             "-Dc_args=-Wno-tsan"],
            timeout=300,
        )
    run([meson, "compile", "-C", folder], timeout=900)
    return folder
