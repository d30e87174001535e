# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""tools/prerequisites.sh: what is missing, and the one command that installs it."""

import shutil
import subprocess

import pytest
from support import ROOT

COMPILER = 'case "$*" in *-o*) exit 0;; esac'
OLD = '[ "$1" = --version ] && echo Python 3.9.2; exit 1'
NEW = '[ "$1" != --version ] || echo Python 3.11.2;'
NO_VENV = NEW + 'case "$2" in *ensurepip*) exit 1;; esac'
NO_HEADERS = NEW + 'case "$2" in *Python.h*) exit 1;; esac'
NOTHING = NEW + 'case "$2" in *ensurepip*|*Python.h*) exit 1;; esac'
ADD = "Install what is missing with: sudo apk add "


@pytest.fixture
def ask(tmp_path):
    """Call the script on a system whose programs are these, name=text of a script."""

    def call(*words, **programs):
        (tmp_path / "sh").symlink_to(shutil.which("sh"))
        for name, text in {"id": "echo 1000", "apk": "", **programs}.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
            (tmp_path / name).chmod(0o755)
        script = ROOT / "tools" / "prerequisites.sh"
        done = subprocess.run(["sh", script, *words], capture_output=True, text=True,
                              env={"PATH": str(tmp_path)}, timeout=20)
        assert done.stdout == ""
        return done.returncode, done.stderr.splitlines()

    return call


def test_all_is_there(ask):
    assert ask("python", "cc", "-m64", python=NEW, cc=COMPILER) == (0, [])


@pytest.mark.parametrize(
    "programs, lines",
    [
        ({"python": NEW}, ["There is no C compiler (cc).", ADD + "gcc musl-dev linux-headers"]),
        ({"python": NEW, "cc": "exit 1"}, ["The C compiler (cc) cannot build a program.",
                                          ADD + "gcc musl-dev linux-headers"]),
        ({"cc": COMPILER}, ["There is no Python (python); 3.11 or newer is needed.",
                            ADD + "python3 python3-dev"]),
        ({"cc": COMPILER, "python": "exit 1"},
         ["There is no Python (python); 3.11 or newer is needed.", ADD + "python3 python3-dev"]),
        ({"cc": COMPILER, "python": NO_VENV}, ["Python (python) has no venv module.",
                                               ADD + "python3"]),
        ({"cc": COMPILER, "python": NO_HEADERS}, ["Python (python) has no headers (Python.h).",
                                                  ADD + "python3-dev"]),
        ({"python": NOTHING}, ["There is no C compiler (cc).",
                               "Python (python) has no venv module.",
                               "Python (python) has no headers (Python.h).",
                               ADD + "gcc musl-dev linux-headers python3 python3-dev"]),
        ({"cc": COMPILER, "python": OLD}, ["Python 3.9.2 is too old; 3.11 or newer is needed.",
                                           ADD + "python3 python3-dev"]),
        ({"cc": COMPILER, "python": OLD, "python3.12": ""},
         ["Python 3.9.2 is too old; 3.11 or newer is needed.",
          "There is another one. Use it with: make PYTHON=python3.12"]),
    ],
)
def test_what_is_missing_is_named(ask, programs, lines):
    assert ask("python", "cc", **programs) == (1, lines)


def test_root_needs_no_sudo(ask):
    _, lines = ask("python", "cc", python=NEW, id="echo 0")
    assert lines[-1] == "Install what is missing with: apk add gcc musl-dev linux-headers"
