# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Take the noise out of 100 photographs, over the ranks and then on rank 0 alone.

Run: mpiexec -n 4 python denoise.py
Or:  mpiexec -n 4 python denoise.py FOLDER   to leave before.png and after.png there

Each photograph needs no other, so the ranks share them out and work without talking. At
the end rank 0 collects the results. More ranks than processor cores do not make it faster.
"""

import sys

import numpy as np
from mpi4py import MPI
from photographs import clean, noisy, save_sheet
from skimage.restoration import denoise_bilateral

PHOTOGRAPHS = 100


def denoise(numbers):
    """Return a dictionary: number of the photograph, the photograph without noise."""
    how = {"sigma_color": 0.1, "sigma_spatial": 2, "mode": "edge", "channel_axis": -1}
    return {number: denoise_bilateral(noisy(number), **how) for number in numbers}


comm = MPI.COMM_WORLD
rank = comm.Get_rank()
size = comm.Get_size()

denoise([0])  # the first call loads more of scikit-image; keep that out of the time
comm.Barrier()
start = MPI.Wtime()
mine = denoise(range(rank, PHOTOGRAPHS, size))  # rank 1 of 4: photographs 1, 5, 9, ...
gathered = comm.gather(mine, root=0)
parallel_seconds = MPI.Wtime() - start

if rank == 0:
    parallel = {number: picture for part in gathered for number, picture in part.items()}
    start = MPI.Wtime()
    serial = denoise(range(PHOTOGRAPHS))
    serial_seconds = MPI.Wtime() - start
    print(f"On one rank {serial_seconds:.2f} s, on {size} ranks {parallel_seconds:.2f} s")

    for number in range(PHOTOGRAPHS):
        if serial[number].tobytes() != parallel[number].tobytes():
            sys.exit(f"wrong: photograph {number} is not the same on one rank and on {size}")
        before = np.abs(noisy(number) - clean(number)).mean()
        after = np.abs(serial[number] - clean(number)).mean()
        if after > before / 2:
            sys.exit(f"wrong: photograph {number} still has noise: {after:.3f} of {before:.3f}")
    if len(sys.argv) > 1:
        numbers = range(PHOTOGRAPHS)
        save_sheet(f"{sys.argv[1]}/before.png", [noisy(number) for number in numbers])
        save_sheet(f"{sys.argv[1]}/after.png", [parallel[number] for number in numbers])
    print(f"checked: {PHOTOGRAPHS} photographs, bit for bit as on one rank")
    print(f"timed: {parallel_seconds:.3f} s, serial {serial_seconds:.3f} s")
