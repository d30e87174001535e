# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Compute pi in plain Python, as the sum of many thin rectangles.

Run: python pi_plain.py

The area under 4 / (1 + x * x) between 0 and 1 is pi. This takes 2 million steps. The
other programs take 100 million, which plain Python would need 50 times as long for: the
last line says that time, computed and not measured.
"""

import math
import sys
import time

STEPS = 2_000_000
STEPS_OF_OTHERS = 100_000_000


def pi(steps):
    width = 1.0 / steps
    total = 0.0
    for i in range(steps):
        x = (i + 0.5) * width
        total += 4.0 / (1.0 + x * x)
    return width * total


start = time.perf_counter()
result = pi(STEPS)
seconds = time.perf_counter() - start

print(f"pi = {result:.15f} with {STEPS:,} steps in {seconds:.3f} s")
if abs(result - math.pi) > 1e-9:
    sys.exit(f"wrong: pi is {math.pi:.15f}")

times = STEPS_OF_OTHERS // STEPS
print(f"checked: pi to 1e-9, {STEPS:,} steps (time scaled by {times})")
print(f"timed: {seconds * times:.3f} s")
