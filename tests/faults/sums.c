// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Each rank adds up what all ranks have. With an argument, one of them fails instead. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define LONG 300 // too many for a slot

int
main(int argc, char **argv)
{
    static long some[LONG], sums[LONG];
    int rank, size, last = -1;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Barrier(MPI_COMM_WORLD);
    if (argc > 1 && rank == size / 2)
        exit(7);
    for (int i = 0; i < LONG; i++)
        some[i] = rank + i;
    for (int n = 1; n <= LONG; n += LONG - 1) {
        MPI_Allreduce(some, sums, n, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
        for (int i = 0; i < n; i++)
            if (sums[i] != (long)size * (size - 1) / 2 + (long)i * size)
                MPI_Abort(MPI_COMM_WORLD, 1);
    }
    if (rank == size - 1)
        MPI_Send(&rank, 1, MPI_INT, 0, 0, MPI_COMM_WORLD);
    if (rank == 0) {
        MPI_Recv(&last, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (last != size - 1)
            MPI_Abort(MPI_COMM_WORLD, 1);
    }
    printf("of %d ranks\n", size);
    MPI_Finalize();
    return 0;
}
