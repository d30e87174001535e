// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Nanoseconds of a collective of 8 bytes in its three forms, each completed at once; the best of
 * several rounds. */
#include <mpi.h>
#include <stdio.h>

enum { ROUNDS = 300, CALLS = 1000, KINDS = 3 };

static double from, to;
static MPI_Request persistent[KINDS];

static void
blocking(int kind)
{
    if (kind == 0)
        MPI_Barrier(MPI_COMM_WORLD);
    else if (kind == 1)
        MPI_Allreduce(&from, &to, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    else
        MPI_Bcast(&from, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
}

static void
started(int kind)
{
    MPI_Request request;
    if (kind == 0)
        MPI_Ibarrier(MPI_COMM_WORLD, &request);
    else if (kind == 1)
        MPI_Iallreduce(&from, &to, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD, &request);
    else
        MPI_Ibcast(&from, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

static void
again(int kind)
{
    MPI_Start(&persistent[kind]);
    MPI_Wait(&persistent[kind], MPI_STATUS_IGNORE);
}

static double
best(void (*call)(int kind), int kind)
{
    double least = 1e30;
    for (int i = 0; i < ROUNDS; i++) {
        MPI_Barrier(MPI_COMM_WORLD);
        double start = MPI_Wtime();
        for (int k = 0; k < CALLS; k++)
            call(kind);
        double t = (MPI_Wtime() - start) / CALLS * 1e9;
        least = t < least ? t : least;
    }
    return least;
}

int
main(int argc, char **argv)
{
    static const char *const names[KINDS] = {"barrier", "allreduce", "bcast"};
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Barrier_init(MPI_COMM_WORLD, MPI_INFO_NULL, &persistent[0]);
    MPI_Allreduce_init(&from, &to, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD, MPI_INFO_NULL,
                       &persistent[1]);
    MPI_Bcast_init(&from, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD, MPI_INFO_NULL, &persistent[2]);
    for (int kind = 0; kind < KINDS; kind++) {
        double b = best(blocking, kind), s = best(started, kind), p = best(again, kind);
        if (rank == 0)
            printf("%-10s blocking %5.0f  started %5.0f  persistent %5.0f\n", names[kind], b, s, p);
        MPI_Request_free(&persistent[kind]);
    }
    MPI_Finalize();
    return 0;
}
