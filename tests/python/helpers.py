# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""What several files of tests share."""

import numpy as np


def ring(comm):
    """The neighbors in a ring of all ranks: to send to, to receive from."""
    return (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size


def same(a, b):
    """Equal, with the same types all the way down."""
    if isinstance(a, np.ndarray):
        return type(a) is type(b) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b
