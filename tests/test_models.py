# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The models of the ring and of sleeping and waking, every interleaving of them, with spin.

Spin is taken from PATH, or unpacked from the system's package without installing it.
"""

import re
import shutil
import subprocess

import pytest
from support import ROOT, run

MODELS = ROOT / "tests" / "model"


@pytest.fixture(scope="session")
def spin(build):
    found = shutil.which("spin")
    if found:
        return found
    folder = build / "spin"
    if not (folder / "usr" / "bin" / "spin").exists():
        folder.mkdir(exist_ok=True)
        got = subprocess.run("apt-get download spin && dpkg -x spin_*.deb .", shell=True,
                             cwd=folder, capture_output=True, text=True, timeout=120)
        if got.returncode != 0:
            pytest.fail(f"spin is needed (apt-get install spin): {got.stderr}", pytrace=False)
    return folder / "usr" / "bin" / "spin"


def verify(spin, folder, model, *defines):
    folder.mkdir(parents=True, exist_ok=True)
    run([spin, *defines, "-a", MODELS / model], cwd=folder)
    run(["cc", "-O2", "-DSAFETY", "-DMEMLIM=2048", "-o", "pan", "pan.c"], cwd=folder)
    text = run(["./pan", "-m100000"], cwd=folder, timeout=300).stdout
    errors = int(re.search(r"errors: (\d+)", text).group(1))
    complete = "max search depth too small" not in text and "out of memory" not in text
    return errors, complete, text


@pytest.mark.parametrize("model", ["ring.pml", "bell.pml"])
def test_model_holds(model, spin, tmp_path):
    errors, complete, text = verify(spin, tmp_path, model)
    assert errors == 0 and complete, text


# The models can fail: each fault put into them is found.
@pytest.mark.parametrize(
    ("model", "fault"),
    [
        ("ring.pml", "-DPUBLISH_BEFORE_FILLING"),
        ("ring.pml", "-DSKIP_WITHOUT_SECOND_LOOK"),
        ("ring.pml", "-DCLAIM_WITHOUT_HEAD"),
        ("ring.pml", "-DNEVER_SKIP"),
        ("bell.pml", "-DNO_BARRIER"),
        ("bell.pml", "-DNO_SECOND_LOOK"),
        ("bell.pml", "-DBELL_READ_LATE"),
    ],
)
def test_fault_is_found(model, fault, spin, tmp_path):
    errors, _, text = verify(spin, tmp_path, model, fault)
    assert errors > 0, text


