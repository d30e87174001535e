# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""An environment of its own, which was moved after the installation, and programs for it."""

import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from environments import Environment
from support import ROOT, run

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def environment():
    """Where everybody may look, which is not so for the folders of pytest."""
    base = Path(tempfile.mkdtemp(prefix="muster-test-"))
    try:
        base.chmod(0o755)
        first, moved = base / "an environment", base / "moved, and renamed"
        run([sys.executable, "-m", "venv", "--without-pip", first])
        # The build is that of `make`: it has only to be packed.
        run([sys.executable, "-m", "pip", "--python", first / "bin" / "python", "install", "-q",
             "--no-deps", "--config-settings=build-dir=build/install", "."], cwd=ROOT, timeout=300)
        first.rename(moved)
        env = Environment(moved)
        run([env.bin / "mpicc", "-O2", "-Wall", "-Werror", HERE / "large.c", "-o", base / "large"])
        shutil.copy(HERE / "large.py", base)
        yield env
    finally:
        shutil.rmtree(base)
