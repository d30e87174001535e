// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Rows with a gap between them, as of a part of a matrix, from one rank to another: on the sending
 * side, on the receiving side and on both, in the process's own memory and in that of
 * MPI_Alloc_mem. A line for each: what it is, and the least time one way in microseconds.
 *
 * rows [messages]
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOTAL (1 << 20)

static int rank;

static MPI_Datatype
rows(int length, int gap)
{
    MPI_Datatype type;
    MPI_Type_vector(TOTAL / length, length, length + gap, MPI_BYTE, &type);
    MPI_Type_commit(&type);
    return type;
}

static double
one_way(char *buffer, MPI_Datatype out, MPI_Datatype in)
{
    MPI_Barrier(MPI_COMM_WORLD);
    double start = MPI_Wtime();
    if (rank == 0)
        MPI_Send(buffer, 1, out, 1, 0, MPI_COMM_WORLD);
    MPI_Recv(buffer, 1, in, !rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (rank == 1)
        MPI_Send(buffer, 1, out, 0, 0, MPI_COMM_WORLD);
    return (MPI_Wtime() - start) / 2 * 1e6;
}

static void
measure(const char *where, char *buffer, int length, int messages)
{
    static const char *const sides[] = {"sent", "received", "on both sides"};
    MPI_Datatype with_gap = rows(length, length), dense = rows(length, 0);
    for (int side = 0; side < 3; side++) {
        MPI_Datatype out = side == 1 ? dense : with_gap, in = side == 0 ? dense : with_gap;
        double least = 1e30;
        for (int i = 0; i < messages; i++) {
            double t = one_way(buffer, out, in);
            least = t < least ? t : least;
        }
        if (rank == 0)
            printf("1 MiB in rows of %d, %s, %s: %.1f\n", length, sides[side], where, least);
        fflush(stdout);
    }
    MPI_Type_free(&with_gap);
    MPI_Type_free(&dense);
}

int
main(int argc, char **argv)
{
    static const int lengths[] = {8, 1024, 4096, 16384};
    char *own = calloc(2, TOTAL), *shared;
    MPI_Init(&argc, &argv);
    int messages = argc > 1 ? atoi(argv[1]) : 200;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Alloc_mem(2 * TOTAL, MPI_INFO_NULL, &shared);
    memset(own, 1, 2 * TOTAL);
    memset(shared, 1, 2 * TOTAL);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        measure("own memory", own, lengths[i], messages);
        measure("MPI_Alloc_mem", shared, lengths[i], messages);
    }
    MPI_Free_mem(shared);
    free(own);
    MPI_Finalize();
    return 0;
}
