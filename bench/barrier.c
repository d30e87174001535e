// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Microseconds of one MPI_Barrier, the best of several rounds. */

#include <mpi.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
    int rank;
    double best = 1e9;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    for (int round = 0; round < 7; round++) {
        double start = MPI_Wtime();
        for (int i = 0; i < 2000; i++)
            MPI_Barrier(MPI_COMM_WORLD);
        double t = (MPI_Wtime() - start) / 2000 * 1e6;
        best = t < best ? t : best;
    }
    if (rank == 0)
        printf("%.4f\n", best);
    MPI_Finalize();
    return 0;
}
