// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Every copying collective with every root, sizes on both sides of each way it can go, datatypes
 * with and without holes, in place and not. The element types differ in size; an element's bytes
 * are data, what lies between them is not touched. */
#include "coll_data.h"

static int rank, size;
static uint64_t call;

struct kind {
    MPI_Datatype type;
    const char *name;
    size_t extent;
    size_t parts[2][2]; // where its data lie: offset, length
};

struct double_int {
    double value;
    int index;
};
struct short_int {
    short value;
    int index;
};

static struct kind kinds[] = {
    {MPI_BYTE, "MPI_BYTE", 1, {{0, 1}}},
    {MPI_INT, "MPI_INT", 4, {{0, 4}}},
    {MPI_DOUBLE, "MPI_DOUBLE", 8, {{0, 8}}},
    {MPI_DOUBLE_INT, "MPI_DOUBLE_INT", sizeof(struct double_int), {{0, 8}, {8, 4}}},
    {MPI_SHORT_INT, "MPI_SHORT_INT", sizeof(struct short_int), {{0, 2}, {4, 4}}},
};

static void
fill(const struct kind *k, void *buffer, int from, uint64_t first, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        for (int p = 0; p < 2; p++)
            fill_bytes((char *)buffer + i * k->extent + k->parts[p][0], call, from,
                       (first + i) * k->extent + k->parts[p][0], k->parts[p][1]);
}

// Also: the holes still hold what buffer_new put there.
static void
check(const struct kind *k, const void *buffer, int from, uint64_t first, uint64_t n,
      const char *what)
{
    for (uint64_t i = 0; i < n; i++) {
        const unsigned char *p = (const unsigned char *)buffer + i * k->extent;
        size_t at = 0;
        for (int part = 0; part < 2; part++) {
            if (k->parts[part][1] == 0)
                continue;
            for (; at < k->parts[part][0]; at++)
                CHECK(p[at] == 0xa5, "%s of %s wrote into a hole", what, k->name);
            check_bytes(p + at, call, from, (first + i) * k->extent + at, k->parts[part][1], what);
            at += k->parts[part][1];
        }
        for (; at < k->extent; at++)
            CHECK(p[at] == 0xa5, "%s of %s wrote into a hole", what, k->name);
    }
}

static void
bcast(const struct kind *k, int n, int root)
{
    size_t bytes = (size_t)n * k->extent;
    char *p = buffer_new(bytes);
    if (rank == root)
        fill(k, p, root, 0, (uint64_t)n);
    MPI_Bcast(p, n, k->type, root, MPI_COMM_WORLD);
    check(k, p, root, 0, (uint64_t)n, "bcast");
    buffer_free(p, bytes, "bcast");
    call++;
}

static void
gather(const struct kind *k, int n, int root, int in_place)
{
    size_t block = (size_t)n * k->extent;
    char *send = buffer_new(block), *recv = buffer_new(block * (size_t)size);
    in_place = in_place && rank == root;
    fill(k, in_place ? recv + block * (size_t)rank : send, rank, 0, (uint64_t)n);
    MPI_Gather(in_place ? MPI_IN_PLACE : send, n, k->type, recv, n, k->type, root, MPI_COMM_WORLD);
    for (int r = 0; r < size && rank == root; r++)
        check(k, recv + block * (size_t)r, r, 0, (uint64_t)n, "gather");
    buffer_free(send, block, "gather");
    buffer_free(recv, block * (size_t)size, "gather");
    call++;
}

static void
scatter(const struct kind *k, int n, int root, int in_place)
{
    size_t block = (size_t)n * k->extent;
    char *send = buffer_new(block * (size_t)size), *recv = buffer_new(block);
    in_place = in_place && rank == root;
    if (rank == root)
        fill(k, send, root, 0, (uint64_t)n * (uint64_t)size);
    MPI_Scatter(send, n, k->type, in_place ? MPI_IN_PLACE : recv, n, k->type, root, MPI_COMM_WORLD);
    if (!in_place)
        check(k, recv, root, (uint64_t)n * (uint64_t)rank, (uint64_t)n, "scatter");
    buffer_free(send, block * (size_t)size, "scatter");
    buffer_free(recv, block, "scatter");
    call++;
}

static void
allgather(const struct kind *k, int n, int in_place)
{
    size_t block = (size_t)n * k->extent;
    char *send = buffer_new(block), *recv = buffer_new(block * (size_t)size);
    fill(k, in_place ? recv + block * (size_t)rank : send, rank, 0, (uint64_t)n);
    MPI_Allgather(in_place ? MPI_IN_PLACE : send, n, k->type, recv, n, k->type, MPI_COMM_WORLD);
    for (int r = 0; r < size; r++)
        check(k, recv + block * (size_t)r, r, 0, (uint64_t)n, "allgather");
    buffer_free(send, block, "allgather");
    buffer_free(recv, block * (size_t)size, "allgather");
    call++;
}

static void
alltoall(const struct kind *k, int n, int in_place)
{
    size_t block = (size_t)n * k->extent, all = block * (size_t)size;
    char *send = buffer_new(all), *recv = buffer_new(all);
    fill(k, in_place ? recv : send, rank, 0, (uint64_t)n * (uint64_t)size);
    MPI_Alltoall(in_place ? MPI_IN_PLACE : send, n, k->type, recv, n, k->type, MPI_COMM_WORLD);
    for (int r = 0; r < size; r++)
        check(k, recv + block * (size_t)r, r, (uint64_t)n * (uint64_t)rank, (uint64_t)n,
              "alltoall");
    buffer_free(send, all, "alltoall");
    buffer_free(recv, all, "alltoall");
    call++;
}

/* ---- blocks of r + n elements for rank r, every third empty, in reverse order with gaps ---- */

struct blocks {
    int counts[64], displs[64];
    MPI_Count wide_counts[64];
    MPI_Aint wide_displs[64];
    size_t all; // elements
};

static int
count_of(int n, int a, int b)
{
    return (a + b) % 3 == 2 ? 0 : n + (a * b) % 5;
}

static void
finish_blocks(struct blocks *b, int gap)
{
    b->all = 0;
    for (int r = size - 1; r >= 0; r--) {
        b->displs[r] = (int)b->all;
        b->all += (size_t)(b->counts[r] + gap);
    }
    for (int r = 0; r < size; r++) {
        b->wide_counts[r] = b->counts[r];
        b->wide_displs[r] = b->displs[r];
    }
}

static void
gatherv(const struct kind *k, int n, int root, int wide)
{
    struct blocks b;
    for (int r = 0; r < size; r++)
        b.counts[r] = count_of(n, r, 1);
    finish_blocks(&b, 2);
    int mine = b.counts[rank];
    char *send = buffer_new((size_t)mine * k->extent), *recv = buffer_new(b.all * k->extent);
    fill(k, send, rank, 0, (uint64_t)mine);
    if (wide)
        MPI_Gatherv_c(send, mine, k->type, recv, b.wide_counts, b.wide_displs, k->type, root,
                      MPI_COMM_WORLD);
    else
        MPI_Gatherv(send, mine, k->type, recv, b.counts, b.displs, k->type, root, MPI_COMM_WORLD);
    for (int r = 0; r < size && rank == root; r++)
        check(k, recv + (size_t)b.displs[r] * k->extent, r, 0, (uint64_t)b.counts[r], "gatherv");
    buffer_free(send, (size_t)mine * k->extent, "gatherv");
    buffer_free(recv, b.all * k->extent, "gatherv");
    call++;
}

static void
scatterv(const struct kind *k, int n, int root, int wide)
{
    struct blocks b;
    for (int r = 0; r < size; r++)
        b.counts[r] = count_of(n, r, 1);
    finish_blocks(&b, 1);
    int mine = b.counts[rank];
    char *send = buffer_new(b.all * k->extent), *recv = buffer_new((size_t)mine * k->extent);
    fill(k, send, root, 0, b.all);
    if (wide)
        MPI_Scatterv_c(send, b.wide_counts, b.wide_displs, k->type, recv, mine, k->type, root,
                       MPI_COMM_WORLD);
    else
        MPI_Scatterv(send, b.counts, b.displs, k->type, recv, mine, k->type, root, MPI_COMM_WORLD);
    check(k, recv, root, (uint64_t)b.displs[rank], (uint64_t)mine, "scatterv");
    buffer_free(send, b.all * k->extent, "scatterv");
    buffer_free(recv, (size_t)mine * k->extent, "scatterv");
    call++;
}

static void
allgatherv(const struct kind *k, int n, int in_place)
{
    struct blocks b;
    for (int r = 0; r < size; r++)
        b.counts[r] = count_of(n, r, 1);
    finish_blocks(&b, 2);
    int mine = b.counts[rank];
    char *send = buffer_new((size_t)mine * k->extent), *recv = buffer_new(b.all * k->extent);
    fill(k, in_place ? recv + (size_t)b.displs[rank] * k->extent : send, rank, 0, (uint64_t)mine);
    if (in_place)
        MPI_Allgatherv_c(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, recv, b.wide_counts, b.wide_displs,
                         k->type, MPI_COMM_WORLD);
    else
        MPI_Allgatherv(send, mine, k->type, recv, b.counts, b.displs, k->type, MPI_COMM_WORLD);
    for (int r = 0; r < size; r++)
        check(k, recv + (size_t)b.displs[r] * k->extent, r, 0, (uint64_t)b.counts[r], "allgatherv");
    buffer_free(send, (size_t)mine * k->extent, "allgatherv");
    buffer_free(recv, b.all * k->extent, "allgatherv");
    call++;
}

static void
alltoallv(const struct kind *k, int n, int in_place)
{
    struct blocks s, r;
    for (int m = 0; m < size; m++)
        s.counts[m] = r.counts[m] = count_of(n, rank, m);
    finish_blocks(&s, 1);
    finish_blocks(&r, 1);
    char *send = buffer_new(s.all * k->extent), *recv = buffer_new(r.all * k->extent);
    for (int m = 0; m < size; m++)
        fill(k, (in_place ? recv : send) + (size_t)s.displs[m] * k->extent, rank * 64 + m, 0,
             (uint64_t)s.counts[m]);
    if (in_place)
        MPI_Alltoallv_c(MPI_IN_PLACE, NULL, NULL, MPI_DATATYPE_NULL, recv, r.wide_counts,
                        r.wide_displs, k->type, MPI_COMM_WORLD);
    else
        MPI_Alltoallv(send, s.counts, s.displs, k->type, recv, r.counts, r.displs, k->type,
                      MPI_COMM_WORLD);
    for (int m = 0; m < size; m++)
        check(k, recv + (size_t)r.displs[m] * k->extent, m * 64 + rank, 0, (uint64_t)r.counts[m],
              "alltoallv");
    buffer_free(send, s.all * k->extent, "alltoallv");
    buffer_free(recv, r.all * k->extent, "alltoallv");
    call++;
}

// Rank m's block has type kinds[m % 5]; displacements are bytes.
static void
alltoallw(int n, int wide)
{
    struct blocks b;
    MPI_Datatype types[64];
    size_t all = 0;
    for (int m = 0; m < size; m++) {
        const struct kind *k = &kinds[(rank + m) % 5];
        types[m] = k->type;
        b.counts[m] = count_of(n, rank, m);
        b.displs[m] = (int)all;
        all += (size_t)b.counts[m] * k->extent + 8;
        all = (all + 7) / 8 * 8;
        b.wide_counts[m] = b.counts[m];
        b.wide_displs[m] = b.displs[m];
    }
    char *send = buffer_new(all), *recv = buffer_new(all);
    for (int m = 0; m < size; m++)
        fill(&kinds[(rank + m) % 5], send + b.displs[m], rank * 64 + m, 0, (uint64_t)b.counts[m]);
    if (wide)
        MPI_Alltoallw_c(send, b.wide_counts, b.wide_displs, types, recv, b.wide_counts,
                        b.wide_displs, types, MPI_COMM_WORLD);
    else
        MPI_Alltoallw(send, b.counts, b.displs, types, recv, b.counts, b.displs, types,
                      MPI_COMM_WORLD);
    for (int m = 0; m < size; m++)
        check(&kinds[(rank + m) % 5], recv + b.displs[m], m * 64 + rank, 0, (uint64_t)b.counts[m],
              "alltoallw");
    buffer_free(send, all, "alltoallw");
    buffer_free(recv, all, "alltoallw");
    call++;
}

static void
rooted(const struct kind *k, int n)
{
    int step = n > 10000 && size > 1 ? size - 1 : 1; // the first and the last at least
    for (int root = 0; root < size; root += step) {
        bcast(k, n, root);
        gather(k, n, root, root % 2);
        scatter(k, n, root, root % 2);
        gatherv(k, n, root, root % 2);
        scatterv(k, n, root, root % 2);
    }
}

int
main(int argc, char **argv)
{
    static const int sizes[] = {0, 1, 7, 28, 29, 128, 1000, 8192, 8193, 70000};
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            if (sizes[s] > 10000 && k % 4 != 0)
                continue;
            rooted(&kinds[k], sizes[s]);
            for (int in_place = 0; in_place < 2; in_place++) {
                allgather(&kinds[k], sizes[s], in_place);
                alltoall(&kinds[k], sizes[s], in_place);
                allgatherv(&kinds[k], sizes[s], in_place);
                alltoallv(&kinds[k], sizes[s], in_place);
            }
        }
        alltoallw(sizes[s], 0);
        alltoallw(sizes[s], 1);
    }
    bcast(&kinds[0], 9 << 20, size - 1); // longer than any ring
    allgather(&kinds[2], 1 << 20, 0);
    alltoall(&kinds[3], 100000, 1);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return 0;
}
