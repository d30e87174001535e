// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "comm/comm.h"

static int
rank_at(const struct circle *c, int i)
{
    return c->ranks ? c->ranks[i] : i;
}

// The lowest bit of i is the distance to its parent; the root has all distances below size.
static int
first_distance(const struct circle *c)
{
    int d = 1;
    while (d < c->size && !(c->me & d))
        d <<= 1;
    return d;
}

int
circle_bcast(const struct circle *c, void *data, size_t n)
{
    int d = first_distance(c), err = MPI_SUCCESS;
    if (c->me)
        err = internal_recv(c->comm, rank_at(c, c->me - d), c->tag, data, n, NULL);
    for (d >>= 1; d && !err; d >>= 1)
        if (c->me + d < c->size)
            err = internal_send(c->comm, rank_at(c, c->me + d), c->tag, data, n);
    return err;
}

int
circle_gather(const struct circle *c, char *table, size_t each)
{
    int err = MPI_SUCCESS, d = 1;
    for (; d < c->size && !(c->me & d) && !err; d <<= 1) {
        int child = c->me + d;
        if (child >= c->size)
            continue;
        size_t n = (size_t)(child + d <= c->size ? d : c->size - child) * each;
        err = internal_recv(c->comm, rank_at(c, child), c->tag, table + (size_t)child * each, n,
                            NULL);
    }
    if (err || !c->me)
        return err;
    size_t n = (size_t)(c->me + d <= c->size ? d : c->size - c->me) * each;
    return internal_send(c->comm, rank_at(c, c->me - d), c->tag, table + (size_t)c->me * each, n);
}
