# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The unit tests that stand beside the code, as they are and under the sanitizers."""

import sys
from pathlib import Path

from support import ROOT, run

MESON = Path(sys.executable).with_name("meson")


def test_units():
    folder = ROOT / "build" / "units"
    if not (folder / "build.ninja").exists():
        run([MESON, "setup", folder, ROOT, "-Dwerror=true", "-Db_ndebug=false"], timeout=300)
    run([MESON, "test", "-C", folder, "--print-errorlogs"], timeout=900)


def test_units_under_sanitizers(sanitized):
    run([MESON, "test", "-C", sanitized, "--print-errorlogs"], timeout=900)
