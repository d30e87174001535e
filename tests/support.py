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
    """Run a program to its end; a failure shows its output when its code is not 0."""
    command = [str(word) for word in command]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout,
        **options,
    )
    if check and done.returncode != 0:
        words = " ".join(command)
        pytest.fail(f"{words} ended with {done.returncode}:\n{done.stdout[-6000:]}", pytrace=False)
    return done
