// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Every rank says hello.
 *
 * Build and run: mpicc hello.c -o hello && mpiexec -n 4 ./hello
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

    char name[MPI_MAX_PROCESSOR_NAME];
    int length;
    MPI_Get_processor_name(name, &length);
    printf("Hello world from rank %d of %d on %s\n", rank, size, name);

    // Rank 0 adds up all rank numbers: 0 + 1 + ... + (size - 1).
    int sum = 0;
    MPI_Reduce(&rank, &sum, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
    int wrong = 0;
    if (rank == 0) {
        int expected = size * (size - 1) / 2;
        wrong = sum != expected;
        if (wrong)
            fprintf(stderr, "wrong: the ranks add up to %d, not to %d\n", sum, expected);
        else
            printf("checked: %d of %d ranks answered\n", size, size);
    }

    MPI_Finalize();
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
