// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Partitioned communication round a ring: different numbers of partitions on both sides, any order,
 * small and large ones, started again; what has arrived is told as soon as it has; several requests
 * of the same envelope match in order, and no other message matches them. */

#include "coll_data.h"

#include <pthread.h>
#include <string.h>

enum { LIMIT = 1 << 20, ROUNDS = 4, THREADS = 8 };

static int rank, size, left, right;
static unsigned char out[LIMIT], in[LIMIT];

static void
fill(int n, int round)
{
    for (int i = 0; i < n; i++)
        out[i] = byte_of((uint64_t)round, rank, (uint64_t)i);
}

static void
look(int from, int n, int round)
{
    for (int i = from; i < from + n; i++)
        CHECK(in[i] == byte_of((uint64_t)round, left, (uint64_t)i), "round %d, byte %d is %d",
              round, i, in[i]);
}

struct shape {
    int sends, receives, total; // partitions of both sides, bytes in all
};

static const struct shape shapes[] = {
    {1, 1, 0},          {3, 2, 0},          {1, 1, 64},    {8, 8, 64},    {1, 16, 64},
    {16, 1, 64},        {16, 32, 512},      {6, 4, 1200},  {4, 6, 1200},  {7, 7, 7 * 5000},
    {512, 64, 1 << 18}, {3, 3, 3 * 300000}, {2, 4, LIMIT}, {4, 2, LIMIT}, {1024, 1024, 1024},
};

enum way { ONE_BY_ONE, BACKWARDS, RANGES, LIST };

static void
mark(MPI_Request r, int n, enum way way)
{
    int list[1024];
    switch (way) {
    case ONE_BY_ONE:
        for (int i = 0; i < n; i++)
            MPI_Pready(i, r);
        break;
    case BACKWARDS:
        for (int i = n - 1; i >= 0; i--)
            MPI_Pready(i, r);
        break;
    case RANGES:
        if (n / 2 < n)
            MPI_Pready_range(n / 2, n - 1, r);
        if (n / 2)
            MPI_Pready_range(0, n / 2 - 1, r);
        break;
    case LIST:
        for (int i = 0; i < n; i++)
            list[i] = (i + n / 3) % n;
        MPI_Pready_list(n, list, r);
    }
}

static void
arrive(MPI_Request r, const struct shape *s, int round)
{
    int each = s->total / s->receives;
    for (int p = s->receives - 1; p >= 0; p--) {
        for (int flag = 0; !flag;)
            MPI_Parrived(r, p, &flag);
        look(p * each, each, round);
    }
}

static void
ring(const struct shape *s, int large)
{
    MPI_Request both[2];
    MPI_Status statuses[2];
    int n;
    if (large) {
        MPI_Psend_init_c(out, s->sends, s->total / s->sends, MPI_BYTE, right, 5, MPI_COMM_WORLD,
                         MPI_INFO_NULL, &both[0]);
        MPI_Precv_init_c(in, s->receives, s->total / s->receives, MPI_BYTE, left, 5, MPI_COMM_WORLD,
                         MPI_INFO_NULL, &both[1]);
    } else {
        MPI_Precv_init(in, s->receives, s->total / s->receives, MPI_BYTE, left, 5, MPI_COMM_WORLD,
                       MPI_INFO_NULL, &both[1]);
        MPI_Psend_init(out, s->sends, s->total / s->sends, MPI_BYTE, right, 5, MPI_COMM_WORLD,
                       MPI_INFO_NULL, &both[0]);
    }
    for (int round = 0; round < ROUNDS; round++) {
        fill(s->total, round);
        memset(in, 0, (size_t)s->total);
        if (round % 2) // data before its receive
            MPI_Start(&both[0]), mark(both[0], s->sends, (enum way)round), MPI_Start(&both[1]);
        else
            MPI_Startall(2, both), mark(both[0], s->sends, (enum way)round);
        if (round > 1)
            arrive(both[1], s, round);
        MPI_Waitall(2, both, statuses);
        MPI_Get_count(&statuses[1], MPI_BYTE, &n);
        CHECK(n == s->total && statuses[1].MPI_SOURCE == left && statuses[1].MPI_TAG == 5,
              "%d bytes from %d", n, statuses[1].MPI_SOURCE);
        look(0, s->total, round);
    }
    MPI_Request_free(&both[0]);
    MPI_Request_free(&both[1]);
}

// Each partition is answered before the next one is ready: nothing may wait for others.
static void
one_after_the_other(int each)
{
    enum { N = 6 };
    MPI_Request both[2];
    int flag;
    MPI_Psend_init(out, N, each, MPI_BYTE, right, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &both[0]);
    MPI_Precv_init(in, N / 2, 2 * each, MPI_BYTE, left, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &both[1]);
    fill(N * each, 9);
    MPI_Startall(2, both);
    for (int i = 0; i < N / 2; i++) {
        MPI_Pready(2 * i, both[0]);
        MPI_Barrier(MPI_COMM_WORLD);
        MPI_Parrived(both[1], i, &flag);
        CHECK(!flag, "half a partition is said to have arrived");
        MPI_Barrier(MPI_COMM_WORLD);
        MPI_Pready(2 * i + 1, both[0]);
        for (flag = 0; !flag;)
            MPI_Parrived(both[1], i, &flag);
        look(2 * i * each, 2 * each, 9);
    }
    MPI_Testall(2, both, &flag, MPI_STATUSES_IGNORE);
    if (!flag)
        MPI_Waitall(2, both, MPI_STATUSES_IGNORE);
    MPI_Parrived(both[1], 0, &flag);
    CHECK(flag, "of an inactive request nothing has arrived");
    MPI_Request_free(&both[0]);
    MPI_Request_free(&both[1]);
}

// Three pairs of the same envelope, with other messages of that tag between them.
static void
order(void)
{
    enum { N = 3 };
    int values[N], got[N], other = 100 + rank, x;
    MPI_Request r[2 * N], wild;
    MPI_Irecv(&x, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &wild);
    for (int i = 0; i < N; i++)
        MPI_Psend_init(&values[i], 1, 1, MPI_INT, right, 2, MPI_COMM_WORLD, MPI_INFO_NULL, &r[i]);
    for (int i = 0; i < N; i++)
        MPI_Precv_init(&got[i], 1, 1, MPI_INT, left, 2, MPI_COMM_WORLD, MPI_INFO_NULL, &r[N + i]);
    for (int i = 0; i < N; i++) {
        values[i] = 10 * rank + i;
        got[i] = -1;
    }
    MPI_Startall(2 * N, r);
    for (int i = N - 1; i >= 0; i--) // not in the order of the calls
        MPI_Pready(0, r[i]);
    MPI_Waitall(2 * N, r, MPI_STATUSES_IGNORE);
    for (int i = 0; i < N; i++)
        CHECK(got[i] == 10 * left + i, "value %d of pair %d", got[i], i);
    MPI_Send(&other, 1, MPI_INT, right, 2, MPI_COMM_WORLD);
    MPI_Wait(&wild, MPI_STATUS_IGNORE);
    CHECK(x == 100 + left, "%d", x);
    for (int i = 0; i < 2 * N; i++)
        MPI_Request_free(&r[i]);
}

struct pair {
    double d;
    int i, hole;
};

// Elements with holes, in partitions that end inside the other side's elements. Communicator and
// type are freed before the first start.
static void
holes(void)
{
    enum { N = 12 };
    struct pair a[N], b[N];
    unsigned char packed[12 * N];
    MPI_Request r[4];
    MPI_Comm comm;
    MPI_Datatype type;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Type_dup(MPI_DOUBLE_INT, &type);
    for (int i = 0; i < N; i++) {
        a[i] = (struct pair){i + rank, 100 * i, 7};
        b[i] = (struct pair){0, 0, -1};
    }
    MPI_Psend_init(a, 4, 3, type, right, 3, comm, MPI_INFO_NULL, &r[0]);
    MPI_Precv_init(packed, 2, 6 * 12, MPI_BYTE, left, 3, comm, MPI_INFO_NULL, &r[1]);
    MPI_Psend_init(packed, 36, 4, MPI_BYTE, right, 4, comm, MPI_INFO_NULL, &r[2]);
    MPI_Precv_init(b, 6, 2, type, left, 4, comm, MPI_INFO_NULL, &r[3]);
    MPI_Comm_free(&comm);
    MPI_Type_free(&type);
    for (int round = 0; round < 3; round++) {
        MPI_Startall(2, r);
        MPI_Pready_range(0, 3, r[0]);
        MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
        MPI_Startall(2, r + 2);
        mark(r[2], 36, BACKWARDS);
        MPI_Waitall(2, r + 2, MPI_STATUSES_IGNORE);
        int from = (left + size - 1) % size;
        for (int i = 0; i < N; i++)
            CHECK(b[i].d == i + from && b[i].i == 100 * i && b[i].hole == -1,
                  "element %d: %g, %d, %d", i, b[i].d, b[i].i, b[i].hole);
    }
    for (int i = 0; i < 4; i++)
        MPI_Request_free(&r[i]);
}

static void
nowhere(void)
{
    MPI_Request r[2];
    MPI_Status status[2];
    int flag;
    MPI_Psend_init(out, 4, 8, MPI_BYTE, MPI_PROC_NULL, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &r[0]);
    MPI_Precv_init(in, 4, 8, MPI_BYTE, MPI_PROC_NULL, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &r[1]);
    for (int round = 0; round < 2; round++) {
        MPI_Startall(2, r);
        MPI_Pready_range(0, 3, r[0]);
        MPI_Parrived(r[1], 2, &flag);
        CHECK(flag, "nothing has arrived from nowhere");
        MPI_Waitall(2, r, status);
        CHECK(status[1].MPI_SOURCE == MPI_PROC_NULL, "source %d", status[1].MPI_SOURCE);
    }
    MPI_Request_free(&r[0]);
    MPI_Request_free(&r[1]);
}

// Pairs that are never started: those after them match all the same.
static void
never_started(void)
{
    MPI_Request r[2];
    for (int i = 0; i < 3; i++) {
        MPI_Psend_init(out, 1, 1, MPI_INT, right, 6, MPI_COMM_WORLD, MPI_INFO_NULL, &r[0]);
        MPI_Precv_init(in, 1, 1, MPI_INT, left, 6, MPI_COMM_WORLD, MPI_INFO_NULL, &r[1]);
        MPI_Request_free(&r[i % 2]);
        MPI_Request_free(&r[1 - i % 2]);
    }
    ring(&(struct shape){2, 2, 64}, 0);
}

struct job {
    MPI_Request request;
    int from, to;
};

static void *
mark_some(void *arg)
{
    const struct job *job = arg;
    for (int i = job->from; i < job->to; i++)
        MPI_Pready(i, job->request);
    return NULL;
}

static void
threads(int each)
{
    enum { PER_THREAD = 8, N = THREADS * PER_THREAD };
    pthread_t thread[THREADS];
    struct job jobs[THREADS];
    MPI_Request r[2];
    MPI_Psend_init(out, N, each, MPI_BYTE, right, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &r[0]);
    MPI_Precv_init(in, N, each, MPI_BYTE, left, 1, MPI_COMM_WORLD, MPI_INFO_NULL, &r[1]);
    for (int round = 0; round < ROUNDS; round++) {
        fill(N * each, 20 + round);
        MPI_Startall(2, r);
        for (int i = 0; i < THREADS; i++) {
            jobs[i] = (struct job){r[0], i * PER_THREAD, (i + 1) * PER_THREAD};
            pthread_create(&thread[i], NULL, mark_some, &jobs[i]);
        }
        MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
        for (int i = 0; i < THREADS; i++)
            pthread_join(thread[i], NULL);
        look(0, N * each, 20 + round);
    }
    MPI_Request_free(&r[0]);
    MPI_Request_free(&r[1]);
}

int
main(int argc, char **argv)
{
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    rank = world_rank();
    size = world_size();
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        ring(&shapes[i], i % 2);
    one_after_the_other(4);
    one_after_the_other(5000);
    one_after_the_other(100000);
    order();
    holes();
    nowhere();
    never_started();
    threads(8);
    threads(4000);
    threads(16000);
    MPI_Finalize();
    return 0;
}
