# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Compute pi with Numba, which compiles the loop to machine code.

Run: python pi_numba.py

The loop is that of pi_plain.py, in a function of its own below @njit. The first call
compiles it, so it is called once with a single step before the time is taken.
"""

import math
import sys
import time

from numba import njit

STEPS = 100_000_000


@njit
def sum_steps(steps):
    width = 1.0 / steps
    total = 0.0
    for i in range(steps):
        x = (i + 0.5) * width
        total += 4.0 / (1.0 + x * x)
    return total


sum_steps(1)  # compile

start = time.perf_counter()
result = sum_steps(STEPS) / STEPS
seconds = time.perf_counter() - start

print(f"pi = {result:.15f} with {STEPS:,} steps in {seconds:.3f} s")
if abs(result - math.pi) > 1e-9:
    sys.exit(f"wrong: pi is {math.pi:.15f}")
print(f"checked: pi to 1e-9, {STEPS:,} steps")
print(f"timed: {seconds:.3f} s")
