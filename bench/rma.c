// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Rank 0 on the memory of the last rank, in a window of MPI_Win_allocate under MPI_Win_lock_all:
 * "put NANOSECONDS" and "fetch NANOSECONDS", each with its flush, of 8 bytes, the best of several
 * rounds; then "sum BYTES MICROSECONDS" of accumulates of doubles. Compiles with any MPI. */

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define TURNS  20000
#define ROUNDS 100
#define MOST   (1 << 20)

static MPI_Win win;
static int target;

static double
put(void)
{
    long value = 1;
    double start = MPI_Wtime();
    for (int i = 0; i < TURNS; i++) {
        MPI_Put(&value, 1, MPI_LONG, target, 0, 1, MPI_LONG, win);
        MPI_Win_flush(target, win);
    }
    return (MPI_Wtime() - start) / TURNS * 1e9;
}

static double
fetch(void)
{
    long value = 1, seen;
    double start = MPI_Wtime();
    for (int i = 0; i < TURNS; i++) {
        MPI_Fetch_and_op(&value, &seen, MPI_LONG, target, 1, MPI_SUM, win);
        MPI_Win_flush(target, win);
    }
    return (MPI_Wtime() - start) / TURNS * 1e9;
}

static double
best_of(double (*measure)(void))
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double t = measure();
        best = t < best ? t : best;
    }
    return best;
}

static void
sums(void)
{
    double *values = calloc(MOST / sizeof *values, sizeof *values);
    for (int bytes = 64; bytes <= MOST; bytes *= 8) {
        double best = 1e9;
        int n = bytes / (int)sizeof *values;
        for (int round = 0; round < ROUNDS; round++) {
            double start = MPI_Wtime();
            MPI_Accumulate(values, n, MPI_DOUBLE, target, 0, n, MPI_DOUBLE, MPI_SUM, win);
            MPI_Win_flush(target, win);
            double t = (MPI_Wtime() - start) * 1e6;
            best = t < best ? t : best;
        }
        printf("sum %d %.3f\n", bytes, best);
    }
    free(values);
}

int
main(int argc, char **argv)
{
    int rank, size;
    void *base;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    target = size - 1;
    MPI_Win_allocate(MOST, 8, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win);
    MPI_Win_lock_all(0, win);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) {
        printf("put %.1f\n", best_of(put));
        printf("fetch %.1f\n", best_of(fetch));
        sums();
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Win_unlock_all(win);
    MPI_Win_free(&win);
    MPI_Finalize();
    return 0;
}
