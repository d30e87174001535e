# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Every operation that reduce offers: for Python objects, and for arrays.

Run: mpiexec -n 4 python reduce_ops.py

MAXLOC and MINLOC work on pairs (value, index): the largest value and where it is.
"""

import sys
from functools import reduce

import numpy as np
from mpi4py import MPI

# name: the operation, and what it does to two numbers, in plain Python
OPERATIONS = {
    "MAX": (MPI.MAX, max),
    "MIN": (MPI.MIN, min),
    "SUM": (MPI.SUM, lambda a, b: a + b),
    "PROD": (MPI.PROD, lambda a, b: a * b),
    "LAND": (MPI.LAND, lambda a, b: int(bool(a) and bool(b))),
    "LOR": (MPI.LOR, lambda a, b: int(bool(a) or bool(b))),
    "LXOR": (MPI.LXOR, lambda a, b: int(bool(a) != bool(b))),
    "BAND": (MPI.BAND, lambda a, b: a & b),
    "BOR": (MPI.BOR, lambda a, b: a | b),
    "BXOR": (MPI.BXOR, lambda a, b: a ^ b),
    "MAXLOC": (MPI.MAXLOC, lambda a, b: max(a, b, key=lambda pair: (pair[0], -pair[1]))),
    "MINLOC": (MPI.MINLOC, min),
}
PAIR = np.dtype([("value", "f8"), ("index", "i4")], align=True)  # as MPI.DOUBLE_INT

comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()
values = [(7 * r + 3) % 5 for r in range(size)]  # the value of each rank: 3, 0, 2, 4, 1, ...

for name, (op, function) in OPERATIONS.items():
    located = name in ("MAXLOC", "MINLOC")
    inputs = [(value, r) for r, value in enumerate(values)] if located else values
    expected = reduce(function, inputs)

    from_objects = comm.reduce(inputs[rank], op=op, root=0)
    part = np.array(inputs[rank], dtype=PAIR if located else "i8")
    whole = np.empty_like(part)
    kind = MPI.DOUBLE_INT if located else MPI.INT64_T
    comm.Allreduce([part, 1, kind], [whole, 1, kind], op=op)
    if whole.item() != expected:
        sys.exit(f"wrong: {name} of {inputs} is {expected}, Allreduce gave {whole} on rank {rank}")
    if rank == 0:
        print(f"{name:6} of {inputs} is {from_objects}")
        if from_objects != expected:
            sys.exit(f"wrong: {name} of {inputs} is {expected}, reduce gave {from_objects}")
if rank == 0:
    print(f"checked: {len(OPERATIONS)} operations, of objects and of arrays")
