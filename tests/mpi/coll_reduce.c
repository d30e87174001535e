// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Reductions: every function with every root, sizes on both sides of each way it can go, in place
 * and not; predefined operations of several types; pairs with holes; a user's operation that does
 * not commute; the same bits on every rank and in every run.
 */
#include "coll_data.h"

#include <math.h>

static int rank, size;
static uint64_t call;

/* ---- sums of integers: a function, a size, a way ---- */

static void
sums(int n, int root, int in_place)
{
    size_t bytes = (size_t)n * 8;
    int64_t *send = buffer_new(bytes), *recv = buffer_new(bytes);
    int here = in_place && rank == root;
    fill_numbers(here ? recv : send, call, rank, 0, (uint64_t)n);
    if (root % 2)
        MPI_Reduce_c(here ? MPI_IN_PLACE : send, recv, n, MPI_INT64_T, MPI_SUM, root,
                     MPI_COMM_WORLD);
    else
        MPI_Reduce(here ? MPI_IN_PLACE : send, recv, n, MPI_INT64_T, MPI_SUM, root, MPI_COMM_WORLD);
    if (rank == root)
        check_sums(recv, call, 0, size, 0, (uint64_t)n, "reduce");
    call++;
    buffer_free(send, bytes, "reduce");
    buffer_free(recv, bytes, "reduce");
}

enum what { ALL, SCAN, EXSCAN };

static void
sums_for_all(int n, enum what what, int in_place)
{
    size_t bytes = (size_t)n * 8;
    int64_t *send = buffer_new(bytes), *recv = buffer_new(bytes);
    const void *from = in_place ? MPI_IN_PLACE : (void *)send;
    fill_numbers(in_place ? recv : send, call, rank, 0, (uint64_t)n);
    if (what == ALL)
        MPI_Allreduce(from, recv, n, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    else if (what == SCAN)
        MPI_Scan_c(from, recv, n, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    else
        MPI_Exscan(from, recv, n, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    int high = what == ALL ? size : what == SCAN ? rank + 1 : rank;
    if (high > 0)
        check_sums(recv, call, 0, high, 0, (uint64_t)n, "a reduction");
    else if (in_place)
        check_sums(recv, call, rank, rank + 1, 0, (uint64_t)n, "MPI_Exscan on rank 0");
    call++;
    buffer_free(send, bytes, "a reduction");
    buffer_free(recv, bytes, "a reduction");
}

static void
scattered_sums(int n, int in_place)
{
    int counts[64], all = 0, first = 0;
    for (int r = 0; r < size; r++) {
        counts[r] = r % 3 == 1 ? 0 : n + r;
        first += r < rank ? counts[r] : 0;
        all += counts[r];
    }
    size_t bytes = (size_t)all * 8;
    int64_t *send = buffer_new(bytes), *recv = buffer_new(bytes);
    fill_numbers(in_place ? recv : send, call, rank, 0, (uint64_t)all);
    MPI_Reduce_scatter(in_place ? MPI_IN_PLACE : send, recv, counts, MPI_INT64_T, MPI_SUM,
                       MPI_COMM_WORLD);
    check_sums(recv, call, 0, size, (uint64_t)first, (uint64_t)counts[rank], "reduce_scatter");
    call++;
    buffer_free(send, bytes, "reduce_scatter");
    buffer_free(recv, bytes, "reduce_scatter");
}

static void
block_sums(int n, int in_place)
{
    size_t bytes = (size_t)n * (size_t)size * 8;
    int64_t *send = buffer_new(bytes), *recv = buffer_new(bytes);
    fill_numbers(in_place ? recv : send, call, rank, 0, (uint64_t)n * (uint64_t)size);
    MPI_Reduce_scatter_block(in_place ? MPI_IN_PLACE : send, recv, n, MPI_INT64_T, MPI_SUM,
                             MPI_COMM_WORLD);
    check_sums(recv, call, 0, size, (uint64_t)n * (uint64_t)rank, (uint64_t)n,
               "reduce_scatter_block");
    call++;
    buffer_free(send, bytes, "reduce_scatter_block");
    buffer_free(recv, bytes, "reduce_scatter_block");
}

static void
every_function(void)
{
    static const int sizes[] = {0, 1, 7, 28, 29, 300, 1024, 1025, 2500, 8192, 8193, 100000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int n = sizes[s];
        for (int root = 0; root<size; root += n> 10000 && size > 1 ? size - 1 : 1) {
            sums(n, root, 0);
            sums(n, root, 1);
        }
        for (int in_place = 0; in_place < 2; in_place++) {
            sums_for_all(n, ALL, in_place);
            sums_for_all(n, SCAN, in_place);
            sums_for_all(n, EXSCAN, in_place);
            scattered_sums(n / size, in_place);
            block_sums(n / size, in_place);
        }
    }
    sums_for_all(1500000, ALL, 0); // longer than any ring
    sums_for_all(1500000, SCAN, 1);
    sums(1500000, 0, 0);
    block_sums(300000, 1);
}

/* ---- pairs: the least value, and of equal ones the lowest index ---- */

struct pair {
    double value;
    int index;
};

struct short_pair {
    short value;
    int index;
};

static double
pair_value(int r, int k)
{
    return (double)((r * 7 + k * 5) % 11);
}

static void
pairs(int n)
{
    struct pair *send = calloc((size_t)n + 1, sizeof *send),
                *recv = calloc((size_t)n + 1, sizeof *recv);
    struct short_pair *s = calloc((size_t)n + 1, sizeof *s);
    for (int k = 0; k < n; k++) {
        send[k] = (struct pair){pair_value(rank, k), rank};
        s[k] = (struct short_pair){(short)pair_value(rank, k), rank};
    }
    MPI_Allreduce(send, recv, n, MPI_DOUBLE_INT, MPI_MINLOC, MPI_COMM_WORLD);
    MPI_Allreduce(MPI_IN_PLACE, s, n, MPI_SHORT_INT, MPI_MAXLOC, MPI_COMM_WORLD);
    for (int k = 0; k < n; k++) {
        int least = 0, most = 0;
        for (int r = 1; r < size; r++) {
            least = pair_value(r, k) < pair_value(least, k) ? r : least;
            most = pair_value(r, k) > pair_value(most, k) ? r : most;
        }
        CHECK(recv[k].value == pair_value(least, k) && recv[k].index == least,
              "MINLOC %d: (%g, %d)", k, recv[k].value, recv[k].index);
        CHECK(s[k].value == (short)pair_value(most, k) && s[k].index == most, "MAXLOC %d: (%d, %d)",
              k, s[k].value, s[k].index);
    }
    free(send);
    free(recv);
    free(s);
}

/* ---- a user's operation: affine maps x -> a x + b modulo 2^32, composed; does not commute ---- */

struct map {
    uint32_t a, b;
};

static struct map
compose(struct map first, struct map then)
{
    return (struct map){first.a * then.a, first.b * then.a + then.b};
}

static void
compose_all(void *in, void *inout, int *n, MPI_Datatype *type)
{
    struct map *x = in, *y = inout;
    CHECK(*type == MPI_UINT64_T, "the function was called with another type");
    for (int i = 0; i < *n; i++)
        y[i] = compose(x[i], y[i]);
}

static void
compose_all_c(void *in, void *inout, MPI_Count *n, MPI_Datatype *type)
{
    int m = (int)*n;
    compose_all(in, inout, &m, type);
}

static struct map
map_of(int r, int k)
{
    uint64_t h = mix((uint64_t)(r * 100003 + k));
    return (struct map){(uint32_t)h | 1, (uint32_t)(h >> 32)};
}

static void
check_maps(const struct map *p, int low, int high, int first, int n, const char *what)
{
    for (int k = 0; k < n; k++) {
        struct map m = {1, 0};
        for (int r = low; r < high; r++)
            m = compose(m, map_of(r, first + k));
        CHECK(p[k].a == m.a && p[k].b == m.b, "%s: map %d of %d is wrong", what, k, n);
    }
}

static void
fill_maps(struct map *p, int n)
{
    for (int k = 0; k < n; k++)
        p[k] = map_of(rank, k);
}

static void
in_rank_order(int n, MPI_Op op)
{
    size_t bytes = (size_t)n * (size_t)size * sizeof(struct map);
    struct map *send = buffer_new(bytes), *recv = buffer_new(bytes);
    fill_maps(send, n * size);
    MPI_Allreduce(send, recv, n, MPI_UINT64_T, op, MPI_COMM_WORLD);
    check_maps(recv, 0, size, 0, n, "allreduce");
    fill_maps(recv, n);
    MPI_Allreduce(MPI_IN_PLACE, recv, n, MPI_UINT64_T, op, MPI_COMM_WORLD);
    check_maps(recv, 0, size, 0, n, "allreduce in place");
    for (int root = 0; root < size; root++) {
        MPI_Reduce(send, recv, n, MPI_UINT64_T, op, root, MPI_COMM_WORLD);
        if (rank == root)
            check_maps(recv, 0, size, 0, n, "reduce");
        fill_maps(recv, n);
        MPI_Reduce(rank == root ? MPI_IN_PLACE : recv, recv, n, MPI_UINT64_T, op, root,
                   MPI_COMM_WORLD);
        if (rank == root)
            check_maps(recv, 0, size, 0, n, "reduce in place");
    }
    MPI_Scan(send, recv, n, MPI_UINT64_T, op, MPI_COMM_WORLD);
    check_maps(recv, 0, rank + 1, 0, n, "scan");
    MPI_Exscan(send, recv, n, MPI_UINT64_T, op, MPI_COMM_WORLD);
    if (rank > 0)
        check_maps(recv, 0, rank, 0, n, "exscan");
    MPI_Reduce_scatter_block(send, recv, n, MPI_UINT64_T, op, MPI_COMM_WORLD);
    check_maps(recv, 0, size, n * rank, n, "reduce_scatter_block");
    buffer_free(send, bytes, "a user's operation");
    buffer_free(recv, bytes, "a user's operation");
}

static void
user_operations(void)
{
    static const int sizes[] = {1, 5, 30, 600, 1500, 20000};
    MPI_Op op, op_c;
    MPI_Op_create(compose_all, 0, &op);
    MPI_Op_create_c(compose_all_c, 0, &op_c);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        in_rank_order(sizes[s], s % 2 ? op_c : op);
    MPI_Op_free(&op);
    MPI_Op_free(&op_c);
}

/* ---- the same bits everywhere and every time ---- */

static void
same_bits(int n)
{
    size_t bytes = (size_t)n * sizeof(double);
    double *send = malloc(bytes), *first = malloc(bytes), *again = malloc(bytes);
    for (int k = 0; k < n; k++)
        send[k] = sin((double)k + 0.1 * rank) * pow(10, (k + rank * 5) % 17);
    for (int turn = 0; turn < 4; turn++) {
        MPI_Allreduce(send, turn ? again : first, n, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
        CHECK(turn == 0 || memcmp(first, again, bytes) == 0, "sums of %d differ between runs", n);
    }
    memcpy(again, first, bytes);
    MPI_Bcast(again, n, MPI_DOUBLE, 0, MPI_COMM_WORLD);
    CHECK(memcmp(first, again, bytes) == 0, "sums of %d differ between ranks", n);
    free(send);
    free(first);
    free(again);
}

/* ---- predefined operations ---- */

static void
operations(void)
{
    int mine = rank + 1, most, least, both, any, odd;
    double x = 1.0 + rank, product;
    unsigned bits = 1u << rank % 32, all = 0;
    MPI_Allreduce(&mine, &most, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    MPI_Allreduce(&mine, &least, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    MPI_Allreduce(&rank, &both, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
    MPI_Allreduce(&rank, &any, 1, MPI_INT, MPI_LOR, MPI_COMM_WORLD);
    MPI_Allreduce(&mine, &odd, 1, MPI_INT, MPI_BXOR, MPI_COMM_WORLD);
    MPI_Allreduce(&x, &product, 1, MPI_DOUBLE, MPI_PROD, MPI_COMM_WORLD);
    MPI_Allreduce(&bits, &all, 1, MPI_UNSIGNED, MPI_BOR, MPI_COMM_WORLD);
    int xor = 0;
    double factorial = 1;
    for (int r = 0; r < size; r++) {
        xor ^= r + 1;
        factorial *= 1.0 + r;
    }
    CHECK(most == size && least == 1 && both == 0 && any == (size > 1) && odd == xor,
          "%d %d %d %d %d", most, least, both, any, odd);
    CHECK(product == factorial && all == (size < 32 ? (1u << size) - 1 : ~0u), "%g %u", product,
          all);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    every_function();
    pairs(1);
    pairs(40);
    pairs(5000);
    user_operations();
    same_bits(3);
    same_bits(1000);
    same_bits(200000);
    operations();
    MPI_Finalize();
    return 0;
}
