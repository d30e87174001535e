// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * MPI_Dims_create (MPI 5.0, 8.5.2): n processes in k dimensions "as close to each other as
 * possible", non-increasing. That is taken to mean: the largest and the smallest differ by the
 * least; of such choices the smallest is the largest, then the one before it, and so on. Found by
 * trying divisors from the k-th root upwards, and leaving a branch as soon as its smallest
 * dimension, at most the root of what is left, cannot be near enough to its largest any more.
 */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

#include <stdlib.h>
#include <string.h>

#define MOST_DIVISORS 1600 // of a number below 2^31: 2095133040 has them
#define MOST_FACTORS  31   // it has 30 prime factors at most: further dimensions are 1

struct search {
    int ndims;
    int divisors[MOST_DIVISORS], count;
    int dims[MOST_FACTORS], best[MOST_FACTORS];
    int spread; // of the best
};

static int
by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static void
find_divisors(struct search *s, int n)
{
    for (int d = 1; (int64_t)d * d <= n; d++) {
        if (n % d)
            continue;
        s->divisors[s->count++] = d;
        if (d != n / d)
            s->divisors[s->count++] = n / d;
    }
    qsort(s->divisors, (size_t)s->count, sizeof *s->divisors, by_value);
}

static int
largest_prime(int n)
{
    int largest = 1;
    for (int d = 2; (int64_t)d * d <= n; d++)
        for (; n % d == 0; n /= d)
            largest = d;
    return n > 1 ? n : largest;
}

// base^k >= n, for positive numbers.
static bool
reaches(int64_t base, int k, int64_t n)
{
    int64_t power = 1;
    while (power < n && k-- > 0 && base > 1)
        power *= base;
    return power >= n;
}

// The largest m with m^k <= n.
static int
root(int n, int k)
{
    int low = 1, high = k == 1 ? n : 46340;
    while (low < high) {
        int m = low + (high - low + 1) / 2;
        if (reaches(m, k, (int64_t)n + 1))
            high = m - 1;
        else
            low = m;
    }
    return low;
}

// Of two choices with the same spread.
static bool
better(const struct search *s)
{
    for (int d = s->ndims - 1; d >= 0; d--)
        if (s->dims[d] != s->best[d])
            return s->dims[d] > s->best[d];
    return false;
}

// The last dimension is what is left.
static void
finish(struct search *s, int rest)
{
    s->dims[s->ndims - 1] = rest;
    int spread = s->dims[0] - rest;
    if (spread > s->spread || (spread == s->spread && !better(s)))
        return;
    s->spread = spread;
    memcpy(s->best, s->dims, sizeof s->best);
}

// Dimension `at` and those after it have `rest` processes, each dimension at most `most`; the first
// has at least `least`.
static void
place(struct search *s, int at, int rest, int least, int most)
{
    int left = s->ndims - at;
    if (left == 1) {
        if (rest >= least && rest <= most)
            finish(s, rest);
        return;
    }
    for (int i = 0; i < s->count && s->divisors[i] <= most; i++) {
        int d = s->divisors[i];
        if (d < least || rest % d || !reaches(d, left, rest))
            continue;
        s->dims[at] = d;
        if (s->dims[0] - root(rest / d, left - 1) > s->spread)
            return; // and larger ones are no nearer
        place(s, at + 1, rest / d, 1, d);
    }
}

// Of n in k free dimensions, into those of `dims` that are 0.
static void
fill(int n, int k, int ndims, int *dims)
{
    struct search s = {.ndims = k < MOST_FACTORS ? k : MOST_FACTORS, .spread = INT32_MAX};
    find_divisors(&s, n);
    place(&s, 0, n, largest_prime(n), n);
    for (int d = 0, next = 0; d < ndims; d++)
        if (dims[d] == 0)
            dims[d] = next < s.ndims ? s.best[next++] : 1;
}

static int
dims_create(int nnodes, int ndims, int *dims)
{
    int64_t fixed = 1;
    int open = 0;
    if (nnodes <= 0)
        return error_new(MPI_ERR_ARG, "nnodes is %d; a grid has at least 1 process", nnodes);
    if (ndims < 0)
        return negative_error(MPI_ERR_DIMS, "ndims", ndims);
    if (ndims > 0 && !dims)
        return null_error("dims");
    for (int d = 0; d < ndims; d++) {
        if (dims[d] < 0)
            return error_new(MPI_ERR_DIMS, "dims[%d] is negative: %d", d, dims[d]);
        if (dims[d] > 0 && (fixed *= dims[d]) > nnodes)
            return error_new(MPI_ERR_DIMS,
                             "the given dimensions up to dims[%d] have more "
                             "processes (%lld) than there are (%d)",
                             d, (long long)fixed, nnodes);
        open += dims[d] == 0;
    }
    if (nnodes % fixed || (!open && fixed != nnodes))
        return error_new(MPI_ERR_DIMS,
                         "%d processes do not fill a grid whose given dimensions "
                         "have %lld%s",
                         nnodes, (long long)fixed, open ? "" : ", and no dimension is left open");
    if (open)
        fill(nnodes / (int)fixed, open, ndims, dims);
    return MPI_SUCCESS;
}

int
PMPI_Dims_create(int nnodes, int ndims, int dims[])
{
    int err = engine_enter();
    if (likely(!err)) {
        err = dims_create(nnodes, ndims, dims);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Dims_create", err);
}
weak_alias(PMPI_Dims_create, MPI_Dims_create);
