# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Generated photographs for denoise.py: hills in the evening, each with its own number."""

import numpy as np
from skimage.io import imsave

HEIGHT, WIDTH = 96, 144


def clean(number):
    """Return photograph `number`, always the same: HEIGHT x WIDTH x 3 values from 0 to 1."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / HEIGHT  # 0 to 1 from top to bottom, 0 to 1.5 across
    top = random.uniform([0.1, 0.2, 0.4], [0.4, 0.4, 0.7])
    low = random.uniform([0.8, 0.5, 0.3], [1.0, 0.7, 0.5])
    picture = top + (low - top) * y[..., None]

    distance = np.hypot(x - random.uniform(0.2, 1.3), y - random.uniform(0.15, 0.4))
    sun = np.clip((random.uniform(0.05, 0.1) - distance) * 40, 0, 1)[..., None]
    picture = picture * (1 - sun) + sun * [1.0, 0.95, 0.7]

    hill_color = random.uniform(0.2, 0.5, 3)
    for depth in range(4):  # from the farthest hills to the nearest
        waves = np.array([1.5, 3.1, 6.7, 14.0]) * (1 + 0.3 * depth)
        heights = 0.09 / np.arange(1, 5) ** 1.3
        phases = random.uniform(0, 6.3, 4)
        ridge = 0.5 + 0.13 * depth + np.sin(waves * x[..., None] + phases) @ heights
        hill = hill_color * (1 - 0.22 * depth) * (1.2 - 0.5 * np.clip(y - ridge, 0, 1))[..., None]
        picture = np.where((y > ridge)[..., None], hill, picture)
    return np.clip(picture, 0, 1)


def noisy(number):
    """Return photograph `number` as a poor camera takes it in the dark: with noise."""
    random = np.random.default_rng(1000 + number)
    return np.clip(clean(number) + random.normal(0, 0.1, (HEIGHT, WIDTH, 3)), 0, 1)


def save_sheet(path, photographs, columns=10):
    """Write one large picture that shows all photographs, row by row."""
    rows = [np.hstack(photographs[i : i + columns]) for i in range(0, len(photographs), columns)]
    imsave(path, (np.vstack(rows) * 255).astype("uint8"))
