// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Half round trips of MPI_Send and MPI_Recv between ranks 0 and 1: "BYTES MICROSECONDS" on each
 * line, the best of several rounds. Compiles with any MPI. */

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double
half_round_trip(char *buffer, int size, int rank, int turns)
{
    double start = MPI_Wtime();
    for (int i = 0; i < turns; i++) {
        if (rank == 0)
            MPI_Send(buffer, size, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
        if (rank < 2)
            MPI_Recv(buffer, size, MPI_BYTE, !rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (rank == 1)
            MPI_Send(buffer, size, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
    }
    return (MPI_Wtime() - start) / turns / 2 * 1e6;
}

int
main(int argc, char **argv)
{
    static const int sizes[] = {0,     8,     64,     256,     1024,    4096,
                                16384, 65536, 262144, 1048576, 4194304, 16777216};
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    char *buffer = malloc(sizes[11]);
    memset(buffer, rank, (size_t)sizes[11]);
    for (int i = 0; rank < 2 && i < 12; i++) {
        int turns = sizes[i] <= 4096 ? 50000 : 200000000 / sizes[i] + 10;
        double best = 1e9;
        half_round_trip(buffer, sizes[i], rank, turns / 10 + 1);
        for (int round = 0; round < 5; round++) {
            double t = half_round_trip(buffer, sizes[i], rank, turns);
            best = t < best ? t : best;
        }
        if (rank == 0)
            printf("%d %.4f\n", sizes[i], best);
    }
    MPI_Finalize();
    free(buffer);
    return 0;
}
