// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Compute pi over the ranks: each adds its part of the steps, MPI_Reduce adds the parts.
 *
 * Build and run: mpicc -O2 pi.c -o pi && mpiexec -n 4 ./pi
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define STEPS 100000000L
#define PI    3.141592653589793

static double
sum_steps(long begin, long end)
{
    double width = 1.0 / (double)STEPS;
    double total = 0.0;
    for (long i = begin; i < end; i++) {
        double x = ((double)i + 0.5) * width;
        total += 4.0 / (1.0 + x * x);
    }
    return total;
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);

    int rank;
    int size;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);

    MPI_Barrier(MPI_COMM_WORLD); // all ranks start together
    double start = MPI_Wtime();
    double part = sum_steps(STEPS * rank / size, STEPS * (rank + 1) / size);
    double total = 0.0;
    MPI_Reduce(&part, &total, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    double seconds = MPI_Wtime() - start;

    int wrong = 0;
    if (rank == 0) {
        double pi = total / (double)STEPS;
        printf("pi = %.15f with %ld steps on %d ranks\n", pi, STEPS, size);
        wrong = !(pi > PI - 1e-9 && pi < PI + 1e-9);
        if (wrong)
            fprintf(stderr, "wrong: pi is %.15f\n", PI);
        else
            printf("checked: pi to 1e-9, %ld steps\ntimed: %.3f s\n", STEPS, seconds);
    }
    MPI_Finalize();
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
