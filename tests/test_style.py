# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The form of the sources: clang-format, ruff, the order of the layers."""

import shutil
import sys
import tomllib
from pathlib import Path

from support import ROOT, run

BIN = Path(sys.executable).parent


def sources(*patterns):
    """The tracked files; where there is no git, all in the folders of the project."""
    if shutil.which("git"):
        listed = run(["git", "ls-files", *patterns], cwd=ROOT, check=False)
        if listed.returncode == 0:
            return listed.stdout.split()
    found = [p.relative_to(ROOT) for pattern in patterns for p in ROOT.rglob(pattern)]
    return [path for path in found if path.parts[0] not in (".venv", "build")]


def test_c_is_formatted():
    run([BIN / "clang-format", "--dry-run", "-Werror", *sources("*.c", "*.h")], cwd=ROOT)


def test_no_line_is_too_long():
    """clang-format leaves comments alone."""
    for path in sources("*.c", "*.h"):
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            assert len(line) <= 100, f"{path}:{number} has {len(line)} columns"


def test_python_is_clean():
    run([BIN / "ruff", "check", "python", "tests", "tools", "examples", "bench"], cwd=ROOT)


def test_layers():
    run([sys.executable, ROOT / "tools" / "check_layers.py"])


def test_every_test_is_run():
    """make check runs what pyproject.toml names."""
    paths = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    for path in (ROOT / "tests").glob("test_*.py"):
        assert f"tests/{path.name}" in paths["testpaths"]
