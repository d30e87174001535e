// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * How far a started collective goes while one member computes. All but rank 0 start it and then
 * compute for 20 ms without MPI; rank 0 starts it 2 ms later and waits. A line for each collective
 * and size: how long rank 0 takes when all wait, and how long beside those that compute; medians in
 * microseconds. 18,000 more says that it went no further without them.
 *
 * overlap [rounds]
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LATER   2e-3
#define LONG    20e-3
#define LARGEST (8 << 20)

static int rank, size;
static char *out, *in;

static void
bcast(int n, MPI_Request *request)
{
    MPI_Ibcast(out, n, MPI_BYTE, size - 1, MPI_COMM_WORLD, request);
}

static void
gather(int n, MPI_Request *request)
{
    MPI_Igather(out, n, MPI_BYTE, in, n, MPI_BYTE, 0, MPI_COMM_WORLD, request);
}

static void
allgather(int n, MPI_Request *request)
{
    MPI_Iallgather(out, n, MPI_BYTE, in, n, MPI_BYTE, MPI_COMM_WORLD, request);
}

static void
alltoall(int n, MPI_Request *request)
{
    n /= size;
    MPI_Ialltoall(out, n, MPI_BYTE, in, n, MPI_BYTE, MPI_COMM_WORLD, request);
}

static void
allreduce(int n, MPI_Request *request)
{
    MPI_Iallreduce(out, in, n / 4, MPI_INT, MPI_SUM, MPI_COMM_WORLD, request);
}

static const struct {
    const char *name;
    void (*start)(int n, MPI_Request *request);
} calls[] = {{"Ibcast", bcast},
             {"Igather", gather},
             {"Iallgather", allgather},
             {"Ialltoall", alltoall},
             {"Iallreduce", allreduce}};

static void
compute(double seconds)
{
    for (double end = MPI_Wtime() + seconds; MPI_Wtime() < end;)
        ;
}

static double
one(int call, int n, double before, double between)
{
    MPI_Request request;
    MPI_Barrier(MPI_COMM_WORLD);
    compute(before);
    double start = MPI_Wtime();
    calls[call].start(n, &request);
    compute(between);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    return (MPI_Wtime() - start) * 1e6;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double
median(int call, int n, int rounds, int computing)
{
    double *times = malloc((size_t)rounds * sizeof *times);
    for (int i = 0; i < rounds; i++)
        times[i] =
            one(call, n, computing && rank == 0 ? LATER : 0, computing && rank != 0 ? LONG : 0);
    qsort(times, (size_t)rounds, sizeof *times, by_value);
    double result = times[rounds / 2];
    free(times);
    return result;
}

int
main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 15;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    out = calloc(1, LARGEST);
    in = malloc((size_t)size * LARGEST);
    memset(in, 1, (size_t)size * LARGEST);
    static const int sizes[] = {1 << 10, 64 << 10, 1 << 20, 4 << 20, LARGEST};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int call = 0; call < 5; call++) {
            double all = median(call, sizes[i], rounds, 0);
            double beside = median(call, sizes[i], rounds, 1);
            if (rank == 0)
                printf("%-10s %8d B %8.0f us, beside those that compute %8.0f us\n",
                       calls[call].name, sizes[i], all, beside);
        }
    MPI_Finalize();
    return 0;
}
