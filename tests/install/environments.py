# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""A virtual environment, and the jobs that show that it works."""

import subprocess

RANKS = 4


class Environment:
    """A virtual environment."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = folder / "bin"
        self.packages = next(folder.glob("lib/python3*/site-packages"))

    def jobs(self, python=None):
        """The words of a job in C and of one in Python, each with the output that it has."""
        start = [self.bin / "mpiexec", "-n", RANKS]
        programs = self.folder.parent
        yield [*start, programs / "large"], f"{RANKS} ranks, 0 bytes wrong\n"
        yield ([*start, python or self.bin / "python", programs / "large.py"],
               f"{RANKS} ranks, 0 messages wrong\n")


def check(words, output, **options):
    """A job ends with 0 and says this and nothing else."""
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60, **options)
    assert (done.returncode, done.stdout, done.stderr) == (0, output, "")
