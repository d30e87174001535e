# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Print the functions that include/mpi.h declares, one a line: what libmpi_abi may export."""

import re
import sys
from pathlib import Path

HEADER = Path(__file__).resolve().parents[1] / "include" / "mpi.h"
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
FUNCTION = re.compile(r"^(?!typedef\b)\w+ (P?MPI_\w+)\(", re.MULTILINE)


def functions(header=HEADER):
    """Names, MPI_ and PMPI_, in the order of the header (each prototype starts in column 1)."""
    return FUNCTION.findall(COMMENT.sub("", Path(header).read_text()))


if __name__ == "__main__":
    names = functions(*sys.argv[1:2])
    if not names:
        sys.exit(f"{sys.argv[0]}: no MPI function is declared in {sys.argv[1]}")
    print("\n".join(names))
