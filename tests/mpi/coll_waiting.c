// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Members that are late: who waits uses no CPU and wakes up, whatever the call
 * and whoever is late. */
#include "coll_data.h"

#include <sys/resource.h>
#include <unistd.h>

static int rank, size;
static char *from, *to;

#define MOST 400000

static double
cpu_seconds(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void
waiting_costs_nothing(void)
{
    int sum, mine = 1;
    MPI_Barrier(MPI_COMM_WORLD);
    double start = cpu_seconds();
    if (rank == size - 1)
        usleep(1000000);
    MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    double used = cpu_seconds() - start;
    CHECK(sum == size && used < 0.1, "waiting for 1 s took %.3f s of CPU", used);
}

// The same of calls that were started.
static void
waiting_for_started_costs_nothing(void)
{
    MPI_Request requests[2];
    int sum, mine = 1;
    MPI_Barrier(MPI_COMM_WORLD);
    double start = cpu_seconds();
    if (rank == size - 1)
        usleep(1000000);
    MPI_Ibarrier(MPI_COMM_WORLD, &requests[0]);
    MPI_Iallreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    double used = cpu_seconds() - start;
    CHECK(sum == size && used < 0.1, "waiting for 1 s took %.3f s of CPU", used);
}

static void
one_call(int kind, int n, int root)
{
    switch (kind) {
    case 0:
        MPI_Barrier(MPI_COMM_WORLD);
        break;
    case 1:
        MPI_Bcast(from, n, MPI_BYTE, root, MPI_COMM_WORLD);
        break;
    case 2:
        MPI_Gather(from, n / size, MPI_BYTE, to, n / size, MPI_BYTE, root, MPI_COMM_WORLD);
        break;
    case 3:
        MPI_Scatter(from, n / size, MPI_BYTE, to, n / size, MPI_BYTE, root, MPI_COMM_WORLD);
        break;
    case 4:
        MPI_Allgather(from, n / size, MPI_BYTE, to, n / size, MPI_BYTE, MPI_COMM_WORLD);
        break;
    case 5:
        MPI_Alltoall(from, n / size, MPI_BYTE, to, n / size, MPI_BYTE, MPI_COMM_WORLD);
        break;
    case 6:
        MPI_Reduce(from, to, n / 8, MPI_INT64_T, MPI_SUM, root, MPI_COMM_WORLD);
        break;
    case 7:
        MPI_Allreduce(from, to, n / 8, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
        break;
    case 8:
        MPI_Scan(from, to, n / 8, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
        break;
    default:
        MPI_Reduce_scatter_block(from, to, n / 8 / size, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    }
}

int
main(int argc, char **argv)
{
    static const int sizes[] = {8, 3000, 60000, MOST};
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    from = calloc(1, MOST);
    to = calloc(1, MOST);
    waiting_costs_nothing();
    waiting_for_started_costs_nothing();
    // Sleeps of another length on each rank: some wait long enough to sleep, some
    // are just about to.
    for (int turn = 0; turn < 400; turn++) {
        uint64_t h = mix((uint64_t)(turn * 64 + rank));
        if (h % 3 == 0)
            usleep((useconds_t)(h >> 8) % 3000);
        one_call(turn % 10, sizes[turn / 10 % 4], (int)(mix((uint64_t)turn) % (uint64_t)size));
    }
    MPI_Finalize();
    return 0;
}
