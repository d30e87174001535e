// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Microseconds of each collective over the size (bytes of one rank's block), the best of several
 * rounds. Rooted ones twice: with root 0 always, and with a root that moves on each call.
 * coll [name or "all" [largest size [rounds]]]
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, size;
static char *from, *to;

static void
call(int kind, int n, int root)
{
    switch (kind) {
    case 0:
        MPI_Barrier(MPI_COMM_WORLD);
        break;
    case 1:
        MPI_Bcast(from, n, MPI_BYTE, root, MPI_COMM_WORLD);
        break;
    case 2:
        MPI_Reduce(from, to, n / 8, MPI_DOUBLE, MPI_SUM, root, MPI_COMM_WORLD);
        break;
    case 3:
        MPI_Gather(from, n, MPI_BYTE, to, n, MPI_BYTE, root, MPI_COMM_WORLD);
        break;
    case 4:
        MPI_Scatter(from, n, MPI_BYTE, to, n, MPI_BYTE, root, MPI_COMM_WORLD);
        break;
    case 5:
        MPI_Allreduce(from, to, n / 8, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
        break;
    case 6:
        MPI_Allgather(from, n, MPI_BYTE, to, n, MPI_BYTE, MPI_COMM_WORLD);
        break;
    case 7:
        MPI_Alltoall(from, n, MPI_BYTE, to, n, MPI_BYTE, MPI_COMM_WORLD);
        break;
    case 8:
        MPI_Reduce_scatter_block(from, to, n / 8, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
        break;
    case 9:
        MPI_Scan(from, to, n / 8, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
        break;
    }
}

static const char *const names[] = {"barrier",        "bcast",     "reduce",    "gather",
                                    "scatter",        "allreduce", "allgather", "alltoall",
                                    "reduce_scatter", "scan"};

// The slowest rank's time of one call.
static double
measure(int kind, int n, int moving, int calls)
{
    MPI_Barrier(MPI_COMM_WORLD);
    double start = MPI_Wtime(), mine, most;
    for (int i = 0; i < calls; i++)
        call(kind, n, moving ? i % size : 0);
    mine = (MPI_Wtime() - start) / calls * 1e6;
    MPI_Allreduce(&mine, &most, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return most;
}

static double
best(int kind, int n, int moving, int rounds)
{
    double least = 1e30;
    // Short rounds, a few milliseconds each: on a busy machine some of them are undisturbed.
    int calls = n <= 1024 ? 2000 : n <= 4096 ? 500 : n <= 65536 ? 100 : n <= 1 << 20 ? 20 : 4;
    for (int i = 0; i < rounds; i++) {
        double t = measure(kind, n, moving, calls);
        least = t < least ? t : least;
    }
    return least;
}

int
main(int argc, char **argv)
{
    static const int sizes[] = {8, 256, 4096, 65536, 1 << 20, 8 << 20};
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    const char *only = argc > 1 ? argv[1] : "all";
    int largest = argc > 2 ? atoi(argv[2]) : 8 << 20, rounds = argc > 3 ? atoi(argv[3]) : 30;
    size_t room = (size_t)largest * (size_t)size + 64;
    from = aligned_alloc(64, (room + 63) / 64 * 64);
    to = aligned_alloc(64, (room + 63) / 64 * 64);
    memset(from, 0, room);
    memset(to, 0, room);
    for (int kind = 0; kind < 10; kind++) {
        if (strcmp(only, "all") != 0 && strcmp(only, names[kind]) != 0)
            continue;
        for (int moving = 0; moving < (kind >= 1 && kind <= 4 ? 2 : 1); moving++) {
            if (rank == 0)
                printf("%-14s %s", names[kind], moving ? "moving" : "      ");
            for (size_t s = 0; s < sizeof sizes / sizeof *sizes && sizes[s] <= largest; s++) {
                double t = best(kind, sizes[s], moving, rounds);
                if (rank == 0)
                    printf(" %9.3f", t);
                if (kind == 0)
                    break;
            }
            if (rank == 0)
                printf("\n"), fflush(stdout);
        }
    }
    MPI_Finalize();
    return 0;
}
