// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "group/group.h"

#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

#include <stdlib.h>

static struct group empty = {.refs = 1, .rank = MPI_UNDEFINED};

struct group *
group_special(MPI_Group handle)
{
    return handle == MPI_GROUP_EMPTY ? &empty : NULL;
}

struct group *
group_new(int size)
{
    struct group *group = pool_alloc(HANDLE_GROUP, sizeof *group);
    if (!group)
        return NULL;
    group->refs = 1;
    group->size = size;
    group->rank = MPI_UNDEFINED;
    group->peers = malloc((size_t)(size ? size : 1) * sizeof *group->peers);
    if (group->peers)
        return group;
    pool_free(HANDLE_GROUP, group);
    return NULL;
}

int
group_make(int size, struct group **group)
{
    if (size == 0) {
        group_hold(&empty);
        *group = &empty;
        return MPI_SUCCESS;
    }
    struct group *new = group_new(size);
    if (!new)
        return error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks", size);
    *group = new;
    return MPI_SUCCESS;
}

void
group_release(struct group *group)
{
    if (--group->refs)
        return;
    if (group->session)
        session_release(group->session);
    free(group->peers);
    pool_free(HANDLE_GROUP, group);
}

void
group_inherit(struct group *group, const struct group *from)
{
    if (group == &empty || group->session || !from->session)
        return;
    session_hold(from->session);
    group->session = from->session;
}

MPI_Group
group_give(struct group *group)
{
    if (group == &empty)
        return MPI_GROUP_EMPTY;
    if (group->handles++ == 0)
        group_hold(group);
    return (MPI_Group)handle_of(HANDLE_GROUP, group);
}

// The rank of a peer, or MPI_UNDEFINED. Constant time where ranks are as in the job.
static int
rank_of(const struct group *group, const struct peer *peer)
{
    int same = peer_rank(peer);
    if (same < group->size && group->peers[same] == peer)
        return same;
    for (int i = 0; i < group->size; i++)
        if (group->peers[i] == peer)
            return i;
    return MPI_UNDEFINED;
}

void
group_find_self(struct group *group)
{
    group->rank = rank_of(group, &engine.peers[engine.rank]);
}

/* ---- maps: open addressing, at most half full ---- */

static size_t
hash(const struct peer *peer)
{
    return (size_t)((uintptr_t)peer * UINT64_C(0x9e3779b97f4a7c15) >> 24);
}

int
group_map_start(struct group_map *map, const struct group *group)
{
    size_t room = 4;
    while (room < 2 * (size_t)group->size)
        room *= 2;
    map->group = group;
    map->mask = room - 1;
    map->slots = calloc(room, sizeof *map->slots);
    if (!map->slots)
        return error_new(MPI_ERR_NO_MEM, "no memory to look up %d ranks", group->size);
    for (int i = 0; i < group->size; i++) {
        size_t at = hash(group->peers[i]) & map->mask;
        while (map->slots[at])
            at = (at + 1) & map->mask;
        map->slots[at] = i + 1;
    }
    return MPI_SUCCESS;
}

void
group_map_stop(struct group_map *map)
{
    free(map->slots);
}

int
group_map_find(const struct group_map *map, const struct peer *peer)
{
    for (size_t at = hash(peer) & map->mask; map->slots[at]; at = (at + 1) & map->mask)
        if (map->group->peers[map->slots[at] - 1] == peer)
            return map->slots[at] - 1;
    return MPI_UNDEFINED;
}

/* ---- the user's calls ---- */

static int
group_size(MPI_Group handle, int *size)
{
    struct group *group = NULL;
    int err = group_find(handle, &group);
    if (!err)
        err = check_pointer(size, "size");
    if (!err)
        *size = group->size;
    return err;
}

int
PMPI_Group_size(MPI_Group group, int *size)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = group_size(group, size);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : group_raise(group, "MPI_Group_size", err);
}
weak_alias(PMPI_Group_size, MPI_Group_size);

static int
group_rank(MPI_Group handle, int *rank)
{
    struct group *group = NULL;
    int err = group_find(handle, &group);
    if (!err)
        err = check_pointer(rank, "rank");
    if (!err)
        *rank = group->rank;
    return err;
}

int
PMPI_Group_rank(MPI_Group group, int *rank)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = group_rank(group, rank);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : group_raise(group, "MPI_Group_rank", err);
}
weak_alias(PMPI_Group_rank, MPI_Group_rank);

static bool
same_order(const struct group *a, const struct group *b)
{
    if (a == b)
        return true;
    for (int i = 0; i < a->size; i++)
        if (a->peers[i] != b->peers[i])
            return false;
    return true;
}

int
group_compare(struct group *a, struct group *b, int *result)
{
    if (a->size != b->size) {
        *result = MPI_UNEQUAL;
        return MPI_SUCCESS;
    }
    if (same_order(a, b)) {
        *result = MPI_IDENT;
        return MPI_SUCCESS;
    }
    struct group_map map;
    int err = group_map_start(&map, b);
    if (err)
        return err;
    *result = MPI_SIMILAR;
    for (int i = 0; i < a->size; i++)
        if (group_map_find(&map, a->peers[i]) == MPI_UNDEFINED)
            *result = MPI_UNEQUAL;
    group_map_stop(&map);
    return MPI_SUCCESS;
}

static int
compare(MPI_Group handle1, MPI_Group handle2, int *result)
{
    struct group *group1 = NULL, *group2 = NULL;
    int err = group_find(handle1, &group1);
    if (!err)
        err = group_find(handle2, &group2);
    if (!err)
        err = check_pointer(result, "result");
    return err ? err : group_compare(group1, group2, result);
}

int
PMPI_Group_compare(MPI_Group group1, MPI_Group group2, int *result)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = compare(group1, group2, result);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : group_raise(group1, "MPI_Group_compare", err);
}
weak_alias(PMPI_Group_compare, MPI_Group_compare);

// Looking each up in turn is cheaper than a map for so few.
#define FEW 8

static int
translate_few(const struct group *from, int n, const int *ranks, const struct group *to, int *out)
{
    for (int i = 0; i < n; i++)
        out[i] = ranks[i] == MPI_PROC_NULL ? MPI_PROC_NULL : rank_of(to, from->peers[ranks[i]]);
    return MPI_SUCCESS;
}

static int
translate_many(const struct group *from, int n, const int *ranks, const struct group *to, int *out)
{
    struct group_map map;
    int err = group_map_start(&map, to);
    if (err)
        return err;
    for (int i = 0; i < n; i++)
        out[i] =
            ranks[i] == MPI_PROC_NULL ? MPI_PROC_NULL : group_map_find(&map, from->peers[ranks[i]]);
    group_map_stop(&map);
    return MPI_SUCCESS;
}

struct translation {
    MPI_Group from;
    int n;
    const int *ranks;
    MPI_Group to;
    int *out;
};

static int
group_translate(const struct translation *t)
{
    struct group *from = NULL, *to = NULL;
    int err = group_find(t->from, &from);
    if (!err)
        err = group_find(t->to, &to);
    if (!err && t->n < 0)
        err = negative_error(MPI_ERR_ARG, "n", t->n);
    if (!err && t->n > 0 && !(err = check_pointer(t->ranks, "ranks1")))
        err = check_pointer(t->out, "ranks2");
    if (err)
        return err;
    for (int i = 0; i < t->n; i++)
        if (t->ranks[i] != MPI_PROC_NULL && (unsigned)t->ranks[i] >= (unsigned)from->size)
            return error_new(MPI_ERR_RANK, "ranks1[%d] is %d; the group's ranks are 0..%d", i,
                             t->ranks[i], from->size - 1);
    return t->n <= FEW ? translate_few(from, t->n, t->ranks, to, t->out)
                       : translate_many(from, t->n, t->ranks, to, t->out);
}

int
PMPI_Group_translate_ranks(MPI_Group group1, int n, const int ranks1[], MPI_Group group2,
                           int ranks2[])
{
    struct translation t = {group1, n, ranks1, group2, ranks2};
    int err = engine_enter();
    if (likely(!err)) {
        err = group_translate(&t);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : group_raise(group1, "MPI_Group_translate_ranks", err);
}
weak_alias(PMPI_Group_translate_ranks, MPI_Group_translate_ranks);

// The empty group may be freed like the one it is the result instead of.
static int
group_free(MPI_Group *handle)
{
    struct group *group = NULL;
    int err = check_pointer(handle, "group");
    if (!err)
        err = group_find(*handle, &group);
    if (err)
        return err;
    if (group != &empty && --group->handles == 0) {
        handle_retire(group);
        group_release(group);
    }
    *handle = MPI_GROUP_NULL;
    return MPI_SUCCESS;
}

int
PMPI_Group_free(MPI_Group *group)
{
    MPI_Group handle = group ? *group : MPI_GROUP_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = group_free(group);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : group_raise(handle, "MPI_Group_free", err);
}
weak_alias(PMPI_Group_free, MPI_Group_free);
