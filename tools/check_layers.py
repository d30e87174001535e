# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The order of the layers: a lower one never includes a higher one.

base < shm < boot < core < type, group, info, attr, errh, op < p2p < coll < comm, session, topo,
rma, io, dyn, part, tool. Folders of one rank may include each other. The launcher may include base,
shm and boot; the extension only mpi.h and its own headers.
"""

import re
import sys
from pathlib import Path

RANKS = [
    ["base"],
    ["shm"],
    ["boot"],
    ["core"],
    ["type", "group", "info", "attr", "errh", "op"],
    ["p2p"],
    ["coll"],
    ["comm", "session", "topo", "rma", "io", "dyn", "part", "tool"],
]
LAYER = {folder: rank for rank, folders in enumerate(RANKS) for folder in folders}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def included(path):
    """The folders of the project's headers that a file includes."""
    for name in INCLUDE.findall(path.read_text()):
        yield name, name.split("/")[0] if "/" in name else None


def faults(root):
    """Sentences, one for each include that is not allowed."""
    for path in sorted((root / "src").glob("*/*.[ch]")):
        folder = path.parent.name
        if folder not in LAYER:
            yield f"{path}: the folder {folder} has no place in the layers"
            continue
        for name, other in included(path):
            if other is not None and LAYER.get(other, 99) > LAYER[folder]:
                yield f"{path}: {folder} must not include {name}"
    for path in sorted((root / "launcher").glob("*.[ch]")):
        for name, other in included(path):
            if other is not None and other not in ("base", "shm", "boot", "launcher"):
                yield f"{path}: the launcher must not include {name}"
    for path in sorted((root / "python" / "ext").glob("*.[ch]")):
        for name, other in included(path):
            if other is not None:
                yield f"{path}: the extension must not include {name}"


def main():
    found = list(faults(Path(__file__).resolve().parent.parent))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
