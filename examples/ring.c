// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A number goes once around a ring of all ranks; each rank adds its own rank to it.
 *
 * Build and run: mpicc ring.c -o ring && mpiexec -n 4 ./ring
 *
 * MPI_Sendrecv sends to the right and receives from the left at the same time, so that
 * no rank waits for one that waits for it.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);

    int rank;
    int size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int right = (rank + 1) % size;
    int left = (rank + size - 1) % size;

    int number = 0;
    for (int step = 0; step < size; step++) {
        int given = number + rank;
        MPI_Sendrecv(&given, 1, MPI_INT, right, 0, &number, 1, MPI_INT, left, 0, MPI_COMM_WORLD,
                     MPI_STATUS_IGNORE);
    }
    printf("Rank %d: my number came back as %d\n", rank, number);

    int expected = size * (size - 1) / 2;
    int wrong = number != expected;
    if (wrong)
        fprintf(stderr, "wrong: rank %d has %d, not %d\n", rank, number, expected);

    int any_wrong;
    MPI_Allreduce(&wrong, &any_wrong, 1, MPI_INT, MPI_LOR, MPI_COMM_WORLD);
    if (rank == 0 && !any_wrong)
        printf("checked: each number passed every rank and came back\n");

    MPI_Finalize();
    return any_wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
