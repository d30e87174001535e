# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Entry point of ``python -m mpi4py``."""

from .run import main

if __name__ == "__main__":
    main()
