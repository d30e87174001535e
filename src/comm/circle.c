// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "comm/comm.h"

#include <limits.h>
#include <string.h>

#define MOST 64 // bytes

// What a message begins with, so that callers with different tags do not take each other's context.
struct parcel {
    int32_t tag, bytes;
    char data[MOST];
};

// The tags of these internal messages are negative, so that groups with different tags can be made
// at once, by several threads, and beside other calls (7.4.2).
static struct internal
member(const struct circle *c, int i)
{
    return (struct internal){"MPI_Comm_create_group", c->comm, c->ranks[i],
                             INT_MIN + (c->tag & 0x3fffffff)};
}

static int
give(const struct circle *c, int to, const void *data, size_t n)
{
    struct parcel parcel = {c->tag, (int32_t)n, {0}};
    struct internal other = member(c, to);
    memcpy(parcel.data, data, n);
    return internal_send(&other, &parcel, offsetof(struct parcel, data) + n);
}

static int
take(const struct circle *c, int from, void *data, size_t n)
{
    struct parcel parcel;
    struct internal other = member(c, from);
    int err = internal_recv(&other, &parcel, sizeof parcel, NULL);
    if (err)
        return err;
    if (parcel.tag != c->tag || parcel.bytes != (int32_t)n)
        return error_new(MPI_ERR_TAG, "rank %d called with tag %d, but rank %d with tag %d",
                         other.rank, parcel.tag, c->comm->rank, c->tag);
    memcpy(data, parcel.data, n);
    return MPI_SUCCESS;
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
        err = take(c, c->me - d, data, n);
    for (d >>= 1; d && !err; d >>= 1)
        if (c->me + d < c->size)
            err = give(c, c->me + d, data, n);
    return err;
}
