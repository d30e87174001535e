// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Random collectives of random sizes, roots and communicators, one after the other, each result
 * computed independently. coll_random [seconds [seed]]
 */
#include "coll_data.h"

#include <time.h>

#define COMMS 4

static struct dice dice;
static uint64_t call;

// One that everybody agrees on, on a communicator whose members may differ.
struct turn {
    MPI_Comm comm;
    int rank, size, root;
    int in_place;
    uint64_t n; // elements
};

static uint64_t
random_size(void)
{
    static const uint64_t limits[] = {1, 9, 33, 300, 3000, 20000, 200000, 3000000};
    uint64_t limit = limits[roll(&dice, roll(&dice, 40) ? 6 : 8)];
    return roll(&dice, limit);
}

static void
bcast(const struct turn *t)
{
    char *p = buffer_new(t->n);
    if (t->rank == t->root)
        fill_bytes(p, call, t->root, 0, t->n);
    MPI_Bcast(p, (int)t->n, MPI_BYTE, t->root, t->comm);
    check_bytes(p, call, t->root, 0, t->n, "bcast");
    buffer_free(p, t->n, "bcast");
}

static void
gather(const struct turn *t)
{
    uint64_t n = t->n / (uint64_t)t->size, all = t->rank == t->root ? n * (uint64_t)t->size : 0;
    char *send = buffer_new(n), *recv = buffer_new(all);
    int in_place = t->in_place && t->rank == t->root;
    fill_bytes(in_place ? recv + n * (uint64_t)t->rank : send, call, t->rank, 0, n);
    MPI_Gather(in_place ? MPI_IN_PLACE : send, (int)n, MPI_BYTE, recv, (int)n, MPI_BYTE, t->root,
               t->comm);
    for (int r = 0; r < t->size && t->rank == t->root; r++)
        check_bytes(recv + n * (uint64_t)r, call, r, 0, n, "gather");
    buffer_free(send, n, "gather");
    buffer_free(recv, all, "gather");
}

static void
scatter(const struct turn *t)
{
    uint64_t n = t->n / (uint64_t)t->size, all = t->rank == t->root ? n * (uint64_t)t->size : 0;
    char *send = buffer_new(all), *recv = buffer_new(n);
    fill_bytes(send, call, t->root, 0, all);
    int in_place = t->in_place && t->rank == t->root;
    MPI_Scatter(send, (int)n, MPI_BYTE, in_place ? MPI_IN_PLACE : recv, (int)n, MPI_BYTE, t->root,
                t->comm);
    if (!in_place)
        check_bytes(recv, call, t->root, n * (uint64_t)t->rank, n, "scatter");
    buffer_free(send, all, "scatter");
    buffer_free(recv, n, "scatter");
}

static void
allgather(const struct turn *t)
{
    uint64_t n = t->n / (uint64_t)t->size, all = n * (uint64_t)t->size;
    char *send = buffer_new(n), *recv = buffer_new(all);
    fill_bytes(t->in_place ? recv + n * (uint64_t)t->rank : send, call, t->rank, 0, n);
    MPI_Allgather(t->in_place ? MPI_IN_PLACE : send, (int)n, MPI_BYTE, recv, (int)n, MPI_BYTE,
                  t->comm);
    for (int r = 0; r < t->size; r++)
        check_bytes(recv + n * (uint64_t)r, call, r, 0, n, "allgather");
    buffer_free(send, n, "allgather");
    buffer_free(recv, all, "allgather");
}

static void
alltoall(const struct turn *t)
{
    uint64_t n = t->n / (uint64_t)t->size, all = n * (uint64_t)t->size;
    char *send = buffer_new(all), *recv = buffer_new(all);
    fill_bytes(t->in_place ? recv : send, call, t->rank, 0, all);
    MPI_Alltoall(t->in_place ? MPI_IN_PLACE : send, (int)n, MPI_BYTE, recv, (int)n, MPI_BYTE,
                 t->comm);
    for (int r = 0; r < t->size; r++)
        check_bytes(recv + n * (uint64_t)r, call, r, n * (uint64_t)t->rank, n, "alltoall");
    buffer_free(send, all, "alltoall");
    buffer_free(recv, all, "alltoall");
}

/* ---- irregular ---- */

#define MOST 64

struct blocks {
    int counts[MOST], displs[MOST];
    uint64_t all;
};

// What `a` and `b` exchange in this call; for in place it is the same both ways.
static int
count_between(const struct turn *t, int a, int b)
{
    uint64_t x =
        t->in_place ? (uint64_t)(a < b ? a * MOST + b : b * MOST + a) : (uint64_t)(a * MOST + b);
    uint64_t h = mix(call * 77 + x);
    return h % 4 ? (int)(h % (t->n / (uint64_t)t->size + 1)) : 0;
}

static void
place_blocks(struct blocks *b, int size, int gap)
{
    b->all = 0;
    for (int r = size - 1; r >= 0; r--) { // the last stands first
        b->displs[r] = (int)b->all;
        b->all += (uint64_t)(b->counts[r] + gap);
    }
}

static void
gatherv(const struct turn *t)
{
    struct blocks b;
    for (int r = 0; r < t->size; r++)
        b.counts[r] = count_between(t, r, 0);
    place_blocks(&b, t->size, 3);
    uint64_t mine = (uint64_t)b.counts[t->rank];
    char *send = buffer_new(mine), *recv = buffer_new(b.all);
    int in_place = t->in_place && t->rank == t->root;
    fill_bytes(in_place ? recv + b.displs[t->rank] : send, call, t->rank, 0, mine);
    MPI_Gatherv(in_place ? MPI_IN_PLACE : send, (int)mine, MPI_BYTE, recv, b.counts, b.displs,
                MPI_BYTE, t->root, t->comm);
    for (int r = 0; r < t->size && t->rank == t->root; r++)
        check_bytes(recv + b.displs[r], call, r, 0, (uint64_t)b.counts[r], "gatherv");
    buffer_free(send, mine, "gatherv");
    buffer_free(recv, b.all, "gatherv");
}

static void
scatterv(const struct turn *t)
{
    struct blocks b;
    for (int r = 0; r < t->size; r++)
        b.counts[r] = count_between(t, 0, r);
    place_blocks(&b, t->size, 1);
    uint64_t mine = (uint64_t)b.counts[t->rank];
    char *send = buffer_new(b.all), *recv = buffer_new(mine);
    fill_bytes(send, call, t->root, 0, b.all);
    int in_place = t->in_place && t->rank == t->root;
    MPI_Scatterv(send, b.counts, b.displs, MPI_BYTE, in_place ? MPI_IN_PLACE : recv, (int)mine,
                 MPI_BYTE, t->root, t->comm);
    if (!in_place)
        check_bytes(recv, call, t->root, (uint64_t)b.displs[t->rank], mine, "scatterv");
    buffer_free(send, b.all, "scatterv");
    buffer_free(recv, mine, "scatterv");
}

static void
allgatherv(const struct turn *t)
{
    struct blocks b;
    for (int r = 0; r < t->size; r++)
        b.counts[r] = count_between(t, r, 0);
    place_blocks(&b, t->size, 2);
    uint64_t mine = (uint64_t)b.counts[t->rank];
    char *send = buffer_new(mine), *recv = buffer_new(b.all);
    fill_bytes(t->in_place ? recv + b.displs[t->rank] : send, call, t->rank, 0, mine);
    MPI_Allgatherv(t->in_place ? MPI_IN_PLACE : send, (int)mine, MPI_BYTE, recv, b.counts, b.displs,
                   MPI_BYTE, t->comm);
    for (int r = 0; r < t->size; r++)
        check_bytes(recv + b.displs[r], call, r, 0, (uint64_t)b.counts[r], "allgatherv");
    buffer_free(send, mine, "allgatherv");
    buffer_free(recv, b.all, "allgatherv");
}

static void
alltoallvw(const struct turn *t, int w)
{
    struct blocks s, r;
    MPI_Datatype types[MOST];
    for (int m = 0; m < t->size; m++) {
        s.counts[m] = count_between(t, t->rank, m);
        r.counts[m] = count_between(t, m, t->rank);
        types[m] = m % 2 ? MPI_BYTE : MPI_UINT8_T;
    }
    place_blocks(&s, t->size, 0);
    place_blocks(&r, t->size, t->in_place ? 0 : 5);
    char *send = buffer_new(s.all), *recv = buffer_new(r.all);
    for (int m = 0; m < t->size; m++)
        fill_bytes((t->in_place ? recv : send) + s.displs[m], call, t->rank * MOST + m, 0,
                   (uint64_t)s.counts[m]);
    void *from = t->in_place ? MPI_IN_PLACE : send;
    if (w)
        MPI_Alltoallw(from, s.counts, s.displs, types, recv, r.counts, r.displs, types, t->comm);
    else
        MPI_Alltoallv(from, s.counts, s.displs, MPI_BYTE, recv, r.counts, r.displs, MPI_BYTE,
                      t->comm);
    for (int m = 0; m < t->size; m++)
        check_bytes(recv + r.displs[m], call, m * MOST + t->rank, 0, (uint64_t)r.counts[m],
                    w ? "alltoallw" : "alltoallv");
    buffer_free(send, s.all, "alltoallv");
    buffer_free(recv, r.all, "alltoallv");
}

/* ---- reductions ---- */

static void
reduce(const struct turn *t)
{
    uint64_t n = t->n / 8, bytes = n * 8;
    int64_t *send = buffer_new(bytes), *recv = buffer_new(bytes);
    int in_place = t->in_place && t->rank == t->root;
    fill_numbers(in_place ? recv : send, call, t->rank, 0, n);
    MPI_Reduce(in_place ? MPI_IN_PLACE : send, recv, (int)n, MPI_INT64_T, MPI_SUM, t->root,
               t->comm);
    if (t->rank == t->root)
        check_sums(recv, call, 0, t->size, 0, n, "reduce");
    buffer_free(send, bytes, "reduce");
    buffer_free(recv, bytes, "reduce");
}

static void
allreduce(const struct turn *t)
{
    uint64_t n = t->n / 8, bytes = n * 8;
    int64_t *send = buffer_new(bytes), *recv = buffer_new(bytes);
    fill_numbers(t->in_place ? recv : send, call, t->rank, 0, n);
    MPI_Allreduce(t->in_place ? MPI_IN_PLACE : send, recv, (int)n, MPI_INT64_T, MPI_SUM, t->comm);
    check_sums(recv, call, 0, t->size, 0, n, "allreduce");
    buffer_free(send, bytes, "allreduce");
    buffer_free(recv, bytes, "allreduce");
}

static void
scan(const struct turn *t, int exclude)
{
    uint64_t n = t->n / 8, bytes = n * 8;
    int64_t *send = buffer_new(bytes), *recv = buffer_new(bytes);
    fill_numbers(t->in_place ? recv : send, call, t->rank, 0, n);
    (exclude ? MPI_Exscan : MPI_Scan)(t->in_place ? MPI_IN_PLACE : send, recv, (int)n, MPI_INT64_T,
                                      MPI_SUM, t->comm);
    if (!exclude || t->rank > 0)
        check_sums(recv, call, 0, t->rank + !exclude, 0, n, exclude ? "exscan" : "scan");
    buffer_free(send, bytes, "scan");
    buffer_free(recv, bytes, "scan");
}

static void
reduce_scatter_block(const struct turn *t)
{
    uint64_t n = t->n / 8 / (uint64_t)t->size, all = n * (uint64_t)t->size;
    int64_t *send = buffer_new(all * 8), *recv = buffer_new((t->in_place ? all : n) * 8);
    fill_numbers(t->in_place ? recv : send, call, t->rank, 0, all);
    MPI_Reduce_scatter_block(t->in_place ? MPI_IN_PLACE : send, recv, (int)n, MPI_INT64_T, MPI_SUM,
                             t->comm);
    check_sums(recv, call, 0, t->size, n * (uint64_t)t->rank, n, "reduce_scatter_block");
    buffer_free(send, all * 8, "reduce_scatter_block");
    buffer_free(recv, (t->in_place ? all : n) * 8, "reduce_scatter_block");
}

static void
reduce_scatter(const struct turn *t)
{
    struct blocks b;
    uint64_t all = 0, first = 0;
    for (int r = 0; r < t->size; r++) {
        b.counts[r] = count_between(t, 0, r) / 8;
        first += r < t->rank ? (uint64_t)b.counts[r] : 0;
        all += (uint64_t)b.counts[r];
    }
    uint64_t n = (uint64_t)b.counts[t->rank];
    int64_t *send = buffer_new(all * 8), *recv = buffer_new((t->in_place ? all : n) * 8);
    fill_numbers(t->in_place ? recv : send, call, t->rank, 0, all);
    MPI_Reduce_scatter(t->in_place ? MPI_IN_PLACE : send, recv, b.counts, MPI_INT64_T, MPI_SUM,
                       t->comm);
    check_sums(recv, call, 0, t->size, first, n, "reduce_scatter");
    buffer_free(send, all * 8, "reduce_scatter");
    buffer_free(recv, (t->in_place ? all : n) * 8, "reduce_scatter");
}

static void
one_call(const struct turn *t, uint64_t kind)
{
    switch (kind) {
    case 0:
        MPI_Barrier(t->comm);
        break;
    case 1:
        bcast(t);
        break;
    case 2:
        gather(t);
        break;
    case 3:
        scatter(t);
        break;
    case 4:
        allgather(t);
        break;
    case 5:
        alltoall(t);
        break;
    case 6:
        gatherv(t);
        break;
    case 7:
        scatterv(t);
        break;
    case 8:
        allgatherv(t);
        break;
    case 9:
    case 10:
        alltoallvw(t, kind == 9);
        break;
    case 11:
        reduce(t);
        break;
    case 12:
        allreduce(t);
        break;
    case 13:
    case 14:
        scan(t, kind == 13);
        break;
    case 15:
        reduce_scatter_block(t);
        break;
    default:
        reduce_scatter(t);
    }
}

static void
make_comms(MPI_Comm comms[COMMS])
{
    int rank = world_rank(), size = world_size();
    comms[0] = MPI_COMM_WORLD;
    MPI_Comm_dup(MPI_COMM_WORLD, &comms[1]);
    MPI_Comm_split(MPI_COMM_WORLD, 0, size - rank, &comms[2]); // backwards
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &comms[3]);
}

// Rank 0's clock decides for all, now and then.
static int
time_is_over(time_t end)
{
    int over = time(NULL) >= end;
    MPI_Bcast(&over, 1, MPI_INT, 0, MPI_COMM_WORLD);
    return over;
}

int
main(int argc, char **argv)
{
    MPI_Comm comms[COMMS];
    MPI_Init(&argc, &argv);
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 3);
    dice.state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    make_comms(comms);
    while (call % 50 || !time_is_over(end)) {
        struct turn t = {.comm = comms[roll(&dice, COMMS)]};
        uint64_t kind = roll(&dice, 17), root = roll(&dice, 1 << 20);
        t.n = random_size();
        t.in_place = roll(&dice, 3) == 0;
        MPI_Comm_rank(t.comm, &t.rank);
        MPI_Comm_size(t.comm, &t.size);
        t.root = (int)(root % (uint64_t)t.size);
        one_call(&t, kind);
        call++;
    }
    if (world_rank() == 0)
        printf("%llu calls\n", (unsigned long long)call);
    for (int i = 1; i < COMMS; i++)
        MPI_Comm_free(&comms[i]);
    MPI_Finalize();
    return 0;
}
