// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Making and freeing communicators (MPI 5.0, 7.4.2 and 7.4.3). */

#include "attr/attr.h"
#include "coll/agree.h"
#include "comm/comm.h"
#include "core/check.h"
#include "group/group.h"
#include "info/info.h"
#include "topo/topo.h"

#include <stdlib.h>
#include <string.h>

// The other members have their new communicator, whatever this one's functions return.
int
comm_copy_attributes(struct comm *parent, MPI_Comm *handle)
{
    if (likely(!parent->attributes))
        return MPI_SUCCESS;
    struct comm *comm = comm_get(*handle);
    struct attributed from = comm_attributed(parent), to = comm_attributed(comm);
    int err = attributes_copy(&from, &to);
    if (err) {
        comm_drop(comm);
        *handle = MPI_COMM_NULL;
    }
    return err;
}

/* ---- dup ---- */

// Other threads run while the members agree: what is used afterwards is held.
static int
dup_held(struct comm *comm, enum coll_kind kind, uint16_t hints, MPI_Comm *newcomm)
{
    struct comm_plan plan = comm_plan_dup(comm, hints);
    errhandler_hold(plan.errhandler);
    if (comm->all->rank == 0)
        plan.context = contexts_take(1);
    int err = agree_give(comm, kind, &plan.context, sizeof plan.context);
    if (!err)
        err = comm_make(&plan, newcomm);
    errhandler_release(plan.errhandler);
    if (err)
        return err;
    comm_get(*newcomm)->topology = topology_hold(comm->topology);
    return comm_copy_attributes(comm, newcomm);
}

static int
dup_comm(MPI_Comm handle, enum coll_kind kind, uint16_t hints, MPI_Comm *newcomm)
{
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (err || (err = check_pointer(newcomm, "newcomm")) || (err = engine_failed()))
        return err;
    comm_hold(comm);
    err = dup_held(comm, kind, hints, newcomm);
    comm_release(comm);
    return err;
}

int
PMPI_Comm_dup(MPI_Comm comm, MPI_Comm *newcomm)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = dup_comm(comm, COLL_COMM_DUP, 0, newcomm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_dup", err);
}
weak_alias(PMPI_Comm_dup, MPI_Comm_dup);

static int
dup_with_info(MPI_Comm comm, MPI_Info handle, MPI_Comm *newcomm)
{
    struct info *info = NULL;
    uint16_t hints = 0;
    int err = handle == MPI_INFO_NULL ? MPI_SUCCESS : info_find(handle, &info);
    if (info)
        hints_put(&hints, info);
    return err ? err : dup_comm(comm, COLL_COMM_DUP_WITH_INFO, hints, newcomm);
}

int
PMPI_Comm_dup_with_info(MPI_Comm comm, MPI_Info info, MPI_Comm *newcomm)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = dup_with_info(comm, info, newcomm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_dup_with_info", err);
}
weak_alias(PMPI_Comm_dup_with_info, MPI_Comm_dup_with_info);

/* ---- split ---- */

struct choice {
    int color, key, rank;
    uint64_t contexts; // of rank 0: one for each member, more than enough for the colors
};

static int
by_color(const void *a, const void *b)
{
    const struct choice *x = a, *y = b;
    if (x->color != y->color)
        return x->color < y->color ? -1 : 1;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->rank < y->rank ? -1 : 1;
}

// The members of a color, `n` together in the table: those of one group of comm, in their order.
static int
color_group(const struct comm *comm, const struct choice *part, int n, bool local,
            struct group **group)
{
    int size = 0;
    for (int i = 0; i < n; i++)
        size += comm_is_local(comm, part[i].rank) == local;
    int err = group_make(size, group);
    for (int i = 0, at = 0; !err && i < n; i++)
        if (comm_is_local(comm, part[i].rank) == local) {
            (*group)->peers[at] = comm->all->peers[part[i].rank];
            if (part[i].rank == comm->all->rank)
                (*group)->rank = at;
            at++;
        }
    return err;
}

// A color that only one group of an intercommunicator has makes no communicator.
static int
make_color(struct comm *comm, const struct choice *part, int n, uint64_t context, MPI_Comm *newcomm)
{
    struct comm_plan plan = {.errhandler = comm->errhandler, .context = context};
    int err = color_group(comm, part, n, true, &plan.group);
    if (err)
        return err;
    if (comm_is_inter(comm))
        err = color_group(comm, part, n, false, &plan.remote);
    if (!err && plan.remote && plan.remote->size == 0)
        *newcomm = MPI_COMM_NULL;
    else if (!err)
        err = comm_make(&plan, newcomm);
    if (plan.remote)
        group_release(plan.remote);
    group_release(plan.group);
    return err;
}

// The members of my color stand together; the place of the first gives the color its context.
static int
find_color(struct comm *comm, const struct choice *all, int color, uint64_t context,
           MPI_Comm *newcomm)
{
    int first = 0, n = 0;
    while (all[first].color != color)
        first++;
    while (first + n < comm->all->size && all[first + n].color == color)
        n++;
    return make_color(comm, all + first, n, context + 2 * (uint64_t)first, newcomm);
}

int
comm_split(struct comm *comm, enum coll_kind kind, const struct split *split, MPI_Comm *newcomm)
{
    int n = comm->all->size, rank = comm->all->rank;
    struct choice *all = calloc((size_t)n, sizeof *all);
    if (!all)
        return error_new(MPI_ERR_NO_MEM, "no memory for the choices of %d ranks", n);
    all[rank] =
        (struct choice){split->color, split->key, rank, rank ? 0 : contexts_take((uint64_t)n)};
    int err = agree_gather(comm, kind, all, sizeof *all);
    uint64_t contexts = all[0].contexts;
    if (!err && split->color == MPI_UNDEFINED)
        *newcomm = MPI_COMM_NULL;
    else if (!err) {
        qsort(all, (size_t)n, sizeof *all, by_color);
        err = find_color(comm, all, split->color, contexts, newcomm);
    }
    free(all);
    return err;
}

static int
split(MPI_Comm handle, int color, int key, MPI_Comm *newcomm)
{
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (err || (err = check_pointer(newcomm, "newcomm")) || (err = engine_failed()))
        return err;
    if (color < 0 && color != MPI_UNDEFINED)
        return error_new(MPI_ERR_ARG, "color %d is negative", color);
    comm_hold(comm);
    err = comm_split(comm, COLL_COMM_SPLIT, &(struct split){color, key}, newcomm);
    comm_release(comm);
    return err;
}

int
PMPI_Comm_split(MPI_Comm comm, int color, int key, MPI_Comm *newcomm)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = split(comm, color, key, newcomm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_split", err);
}
weak_alias(PMPI_Comm_split, MPI_Comm_split);

/* ---- create, create_group ---- */

// The ranks in comm of the group's members, or an error that names a member that is not there.
static int
members_in(const struct comm *comm, const struct group *group, int *ranks)
{
    struct group_map map;
    int err = group_map_start(&map, comm->group);
    if (err)
        return err;
    for (int i = 0; i < group->size && !err; i++) {
        ranks[i] = group_map_find(&map, group->peers[i]);
        if (ranks[i] == MPI_UNDEFINED)
            err = error_new(MPI_ERR_GROUP,
                            "member %d of the group (process %d of the job) is not in the "
                            "communicator",
                            i, peer_rank(group->peers[i]));
    }
    group_map_stop(&map);
    return err;
}

static int
look_up_both(MPI_Comm handle, MPI_Group group_handle, struct comm **comm, struct group **group)
{
    int err = comm_find(handle, comm);
    if (err)
        return err;
    err = group_find(group_handle, group);
    return err ? err : engine_failed();
}

// The ranks in comm of a group that this process is in: allocated.
static int
find_members(const struct comm *comm, const struct group *group, int **ranks)
{
    *ranks = malloc(sizeof **ranks * (size_t)group->size);
    if (!*ranks)
        return error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks", group->size);
    int err = members_in(comm, group, *ranks);
    if (err)
        free(*ranks);
    return err;
}

// All members take part, and get an id for each of them; a group has that of its first member.
static int
create_by_all(struct comm *comm, struct group *group, uint64_t *context)
{
    int *ranks;
    if (comm->rank == 0)
        *context = contexts_take((uint64_t)comm->size);
    int err = agree_give(comm, COLL_COMM_CREATE, context, sizeof *context);
    if (err || group->rank == MPI_UNDEFINED || (err = find_members(comm, group, &ranks)))
        return err;
    *context += 2 * (uint64_t)ranks[0];
    free(ranks);
    return MPI_SUCCESS;
}

// Those of the group alone agree.
static int
create_by_group(struct comm *comm, struct group *group, int tag, uint64_t *context)
{
    struct circle circle = {
        .op = "MPI_Comm_create_group", .comm = comm, .size = group->size, .tag = tag};
    int *ranks;
    if (group->rank == MPI_UNDEFINED)
        return MPI_SUCCESS;
    int err = find_members(comm, group, &ranks);
    if (err)
        return err;
    circle.ranks = ranks;
    err = circle_agree(&circle, context);
    free(ranks);
    return err;
}

enum { BY_ALL = -1 }; // in place of a tag

static int
create_held(struct comm *comm, struct group *group, int tag, MPI_Comm *newcomm)
{
    uint64_t context;
    int err = tag == BY_ALL ? create_by_all(comm, group, &context)
                            : create_by_group(comm, group, tag, &context);
    if (err)
        return err;
    if (group->rank == MPI_UNDEFINED) {
        *newcomm = MPI_COMM_NULL;
        return MPI_SUCCESS;
    }
    struct comm_plan plan = {.group = group, .errhandler = comm->errhandler, .context = context};
    return comm_make(&plan, newcomm);
}

static int
create(MPI_Comm handle, MPI_Group group_handle, int tag, MPI_Comm *newcomm)
{
    struct comm *comm;
    struct group *group;
    int err = check_pointer(newcomm, "newcomm");
    if (!err)
        err = look_up_both(handle, group_handle, &comm, &group);
    if (err)
        return err;
    if (comm_is_inter(comm) && tag != BY_ALL)
        return error_new(MPI_ERR_COMM, "%s is an intercommunicator", comm_name(comm));
    comm_hold(comm);
    group_hold(group);
    err = comm_is_inter(comm) ? inter_create(comm, group, newcomm)
                              : create_held(comm, group, tag, newcomm);
    group_release(group);
    comm_release(comm);
    return err;
}

int
PMPI_Comm_create(MPI_Comm comm, MPI_Group group, MPI_Comm *newcomm)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = create(comm, group, BY_ALL, newcomm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_create", err);
}
weak_alias(PMPI_Comm_create, MPI_Comm_create);

int
PMPI_Comm_create_group(MPI_Comm comm, MPI_Group group, int tag, MPI_Comm *newcomm)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = tag < 0 ? negative_error(MPI_ERR_TAG, "tag", tag) : create(comm, group, tag, newcomm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_create_group", err);
}
weak_alias(PMPI_Comm_create_group, MPI_Comm_create_group);
