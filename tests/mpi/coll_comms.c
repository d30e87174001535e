// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Several communicators: calls interleaved in another order on each member's other communicators,
 * communicators that come and go in thousands, roots that run ahead, members that are late. */
#include "coll_data.h"

#include <unistd.h>

static int rank, size;

// Large data of several roots stand in the same buffer at once; rank 0 runs ahead of the others.
static void
roots_run_ahead(void)
{
    MPI_Comm comms[3];
    size_t n = 300000;
    char *p = malloc(n);
    for (int c = 0; c < 3; c++)
        MPI_Comm_dup(MPI_COMM_WORLD, &comms[c]);
    for (int turn = 0; turn < 40; turn++) {
        uint64_t call = (uint64_t)turn;
        if (rank != 0 && turn % 10 == 3)
            usleep(20000);
        if (rank == 0)
            fill_bytes(p, call, 0, 0, n - call);
        MPI_Bcast(p, (int)(n - call), MPI_BYTE, 0, comms[turn % 3]);
        check_bytes(p, call, 0, 0, n - call, "bcast");
    }
    for (int c = 0; c < 3; c++)
        MPI_Comm_free(&comms[c]);
    free(p);
}

// Each pair of neighbours has a communicator; a rank uses its two in an order of its own.
static void
neighbours(void)
{
    MPI_Comm left, right; // (rank - 1, rank), (rank, rank + 1)
    int pair_left = rank % 2 ? rank / 2 : size + rank / 2;
    int pair_right = rank % 2 ? size + (rank + 1) / 2 : rank / 2;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2 ? pair_left : pair_right, rank,
                   rank % 2 ? &left : &right);
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2 ? pair_right : pair_left, rank,
                   rank % 2 ? &right : &left);
    for (int turn = 0; turn < 2000; turn++) {
        int64_t mine = rank * 10000 + turn, sum;
        for (int i = 0; i < 2; i++) {
            MPI_Comm comm = i == 0 ? right : left;
            int members, first = i == 0 ? rank : rank - 1;
            MPI_Comm_size(comm, &members);
            MPI_Allreduce(&mine, &sum, 1, MPI_INT64_T, MPI_SUM, comm);
            int64_t expected = members == 1 ? mine : first * 10000 + (first + 1) * 10000 + 2 * turn;
            CHECK(sum == expected, "turn %d: %lld", turn, (long long)sum);
        }
    }
    MPI_Comm_free(&left);
    MPI_Comm_free(&right);
}

// Every communicator has its own lines, which come back when all have left it.
static void
come_and_go(int turns, int n)
{
    char *p = calloc((size_t)n, 1);
    for (int turn = 0; turn < turns; turn++) {
        MPI_Comm comm;
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
        if (rank == turn % size)
            fill_bytes(p, (uint64_t)turn, rank, 0, (uint64_t)n);
        MPI_Bcast(p, n, MPI_BYTE, turn % size, comm);
        MPI_Comm_free(&comm); // the root may leave before the others have read
        check_bytes(p, (uint64_t)turn, turn % size, 0, (uint64_t)n, "bcast");
    }
    free(p);
}

#define MANY 500

static void
many_at_once(void)
{
    static MPI_Comm comms[MANY];
    int mine = rank + 1, sum;
    for (int c = 0; c < MANY; c++)
        MPI_Comm_dup(c ? comms[c - 1] : MPI_COMM_WORLD, &comms[c]);
    for (int turn = 0; turn < 3; turn++)
        for (int c = 0; c < MANY; c++) {
            MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, comms[c]);
            CHECK(sum == size * (size + 1) / 2, "communicator %d: %d", c, sum);
        }
    for (int c = 0; c < MANY; c++)
        MPI_Comm_free(&comms[(c * 7 + 3) % MANY]);
}

static void
alone(void)
{
    int a[3] = {1, 2, 3}, b[3] = {0}, count = 3, zero = 0;
    MPI_Barrier(MPI_COMM_SELF);
    MPI_Bcast(a, 3, MPI_INT, 0, MPI_COMM_SELF);
    MPI_Allreduce(a, b, 3, MPI_INT, MPI_SUM, MPI_COMM_SELF);
    CHECK(b[0] == 1 && b[2] == 3, "allreduce of one: %d %d", b[0], b[2]);
    MPI_Exscan(a, b, 3, MPI_INT, MPI_PROD, MPI_COMM_SELF);
    memset(b, 0, sizeof b);
    MPI_Alltoallv(a, &count, &zero, MPI_INT, b, &count, &zero, MPI_INT, MPI_COMM_SELF);
    CHECK(b[1] == 2, "alltoallv of one: %d", b[1]);
    MPI_Reduce_scatter(a, b, &count, MPI_INT, MPI_SUM, MPI_COMM_SELF);
    MPI_Gather(MPI_IN_PLACE, 0, MPI_INT, b, 3, MPI_INT, 0, MPI_COMM_SELF);
    CHECK(b[2] == 3, "reduce_scatter of one: %d", b[2]);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    alone();
    roots_run_ahead();
    neighbours();
    come_and_go(3000, 100);
    come_and_go(300, 50000);
    many_at_once();
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return 0;
}
