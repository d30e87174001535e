// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "comm/comm.h"

#include <limits.h>
#include <string.h>

#define SMALL 64 // bytes that go in one message with the head

struct head {
    uint32_t call; // enum circle_call
    int32_t tag;
    uint64_t bytes;
};

struct parcel {
    struct head head;
    char data[SMALL];
};

static const char *const call_names[CIRCLE_CALLS] = {
    [CIRCLE_DUP] = "MPI_Comm_dup",
    [CIRCLE_SPLIT] = "MPI_Comm_split",
    [CIRCLE_CREATE] = "MPI_Comm_create",
    [CIRCLE_CREATE_GROUP] = "MPI_Comm_create_group",
};

// Of internal messages. Those of MPI_Comm_create_group are negative, so that groups with different
// tags can be made at once, by several threads, and beside the other calls (7.4.2).
static int
message_tag(const struct circle *c)
{
    return c->call == CIRCLE_CREATE_GROUP ? INT_MIN + (c->tag & 0x3fffffff) : 1000;
}

static int
rank_at(const struct circle *c, int i)
{
    return c->ranks ? c->ranks[i] : i;
}

static struct internal
member(const struct circle *c, int i)
{
    return (struct internal){call_names[c->call], c->comm, rank_at(c, i), message_tag(c)};
}

static int
give(const struct circle *c, int to, const void *data, size_t n)
{
    struct parcel parcel = {.head = {(uint32_t)c->call, c->tag, n}};
    struct internal other = member(c, to);
    if (n > SMALL) {
        int err = internal_send(&other, &parcel.head, sizeof parcel.head);
        return err ? err : internal_send(&other, data, n);
    }
    memcpy(parcel.data, data, n);
    return internal_send(&other, &parcel, sizeof parcel.head + n);
}

static cold int
mismatch(const struct circle *c, int from, const struct head *head)
{
    int theirs = rank_at(c, from), mine = c->comm->rank;
    if (head->call == 0 || head->call >= CIRCLE_CALLS)
        return error_new(MPI_ERR_INTERN, "rank %d sent what is no part of the call", theirs);
    if (head->call != (uint32_t)c->call)
        return error_new(MPI_ERR_OTHER, "rank %d called %s, but rank %d called %s", theirs,
                         call_names[head->call], mine, call_names[c->call]);
    return error_new(MPI_ERR_TAG, "rank %d called %s with tag %d, but rank %d with tag %d", theirs,
                     call_names[c->call], head->tag, mine, c->tag);
}

static int
take(const struct circle *c, int from, void *data, size_t n)
{
    struct parcel parcel;
    size_t got = 0;
    struct internal other = member(c, from);
    int err = internal_recv(&other, &parcel, sizeof parcel, &got);
    if (err)
        return err;
    const struct head *head = &parcel.head;
    if (head->call != (uint32_t)c->call || head->tag != c->tag || head->bytes != n)
        return mismatch(c, from, head);
    if (n > SMALL)
        return internal_recv(&other, data, n, NULL);
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

int
circle_gather(const struct circle *c, char *table, size_t each)
{
    int err = MPI_SUCCESS, d = 1;
    for (; d < c->size && !(c->me & d) && !err; d <<= 1) {
        int child = c->me + d;
        if (child >= c->size)
            continue;
        size_t n = (size_t)(child + d <= c->size ? d : c->size - child) * each;
        err = take(c, child, table + (size_t)child * each, n);
    }
    if (err || !c->me)
        return err;
    size_t n = (size_t)(c->me + d <= c->size ? d : c->size - c->me) * each;
    return give(c, c->me - d, table + (size_t)c->me * each, n);
}
