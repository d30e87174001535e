// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What is made of the two groups of an intercommunicator: a part of each (MPI_Comm_create; MPI 5.0,
 * 7.4.2), or one of both (MPI_Intercomm_merge, 7.6.2). */
#include "coll/agree.h"
#include "comm/comm.h"
#include "core/check.h"
#include "group/group.h"

#include <stdlib.h>

/* ---- MPI_Comm_create: a part of each group ---- */

// Each member says which of the new group's it is, so that the other side learns that group.
struct place {
    int rank; // in the new group, or MPI_UNDEFINED
    int size; // of it
    uint64_t context;
};

struct half {
    const char *name;
    int start, size; // of comm->all
};

static struct half
half_of(const struct comm *comm, bool local)
{
    int size = local ? comm->size : comm->remote->size;
    int start = local == comm->first ? 0 : comm->all->size - size;
    return (struct half){local ? "local" : "remote", start, size};
}

static cold int
places_error(const struct half *half, int a, int b)
{
    return error_new(MPI_ERR_GROUP, "ranks %d and %d of the %s group gave different groups", a, b,
                     half->name);
}

// A member's place may be taken, or lie beyond the size that the first one gave.
static int
place_members(const struct comm *comm, const struct half *half, const struct place *places,
              struct group *group, int *taken)
{
    int n = 0;
    for (int i = 0; i < half->size; i++) {
        int rank = places[half->start + i].rank;
        if (rank == MPI_UNDEFINED)
            continue;
        if (taken[rank])
            return places_error(half, taken[rank] - 1, i);
        taken[rank] = i + 1;
        group->peers[rank] = comm->all->peers[half->start + i];
        n++;
    }
    return n == group->size ? MPI_SUCCESS
                            : error_new(MPI_ERR_GROUP,
                                        "%d processes of the %s group are in the group of %d that "
                                        "it gave",
                                        n, half->name, group->size);
}

static int
placed_group(const struct comm *comm, bool local, const struct place *places, struct group **group)
{
    struct half half = half_of(comm, local);
    for (int i = 1; i < half.size; i++)
        if (places[half.start + i].size != places[half.start].size)
            return places_error(&half, 0, i);
    int err = group_make(places[half.start].size, group);
    if (err || !(*group)->size)
        return err;
    int *taken = calloc((size_t)(*group)->size, sizeof *taken);
    err = taken ? place_members(comm, &half, places, *group, taken)
                : error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks", (*group)->size);
    free(taken);
    if (err)
        group_release(*group);
    else
        group_find_self(*group);
    return err;
}

static int
make_placed(const struct comm *comm, const struct place *places, MPI_Comm *newcomm)
{
    struct comm_plan plan = {.errhandler = comm->errhandler, .context = places[0].context};
    struct group *halves[2]; // the order is the same on both sides, so that the error is
    int err = placed_group(comm, comm->first, places, &halves[0]);
    if (err)
        return err;
    err = placed_group(comm, !comm->first, places, &halves[1]);
    if (err) {
        group_release(halves[0]);
        return err;
    }
    plan.group = halves[!comm->first];
    plan.remote = halves[comm->first];
    if (plan.group->rank == MPI_UNDEFINED || !plan.remote->size)
        *newcomm = MPI_COMM_NULL;
    else
        err = comm_make(&plan, newcomm);
    group_release(halves[0]);
    group_release(halves[1]);
    return err;
}

int
inter_create(struct comm *comm, struct group *group, MPI_Comm *newcomm)
{
    struct place *places = calloc((size_t)comm->all->size, sizeof *places);
    if (!places)
        return error_new(MPI_ERR_NO_MEM, "no memory for a table of %d ranks", comm->all->size);
    int rank = comm->all->rank;
    places[rank] = (struct place){group->rank, group->size, rank ? 0 : contexts_take(1)};
    int err = agree_gather(comm, COLL_COMM_CREATE, places, sizeof *places);
    if (!err)
        err = make_placed(comm, places, newcomm);
    free(places);
    return err;
}

/* ---- merge ---- */

struct vote {
    int high;
    uint64_t context;
};

static int
check_half(const struct comm *comm, bool local, const struct vote *votes)
{
    struct half half = half_of(comm, local);
    for (int i = 1; i < half.size; i++)
        if (!votes[half.start + i].high != !votes[half.start].high)
            return error_new(MPI_ERR_ARG, "high is %d on rank 0 of the %s group, but %d on rank %d",
                             votes[half.start].high, half.name, votes[half.start + i].high, i);
    return MPI_SUCCESS;
}

static int
make_merged(const struct comm *comm, const struct vote *votes, MPI_Comm *newcomm)
{
    bool mine = votes[comm->all->rank].high, theirs = votes[half_of(comm, false).start].high;
    bool first = mine == theirs ? comm->first : !mine;
    struct group *group = comm->all;
    if (first != comm->first)
        group = comm_join(comm->group, comm->remote, first);
    else
        group_hold(group);
    if (!group)
        return error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks", comm->all->size);
    struct comm_plan plan = {
        .group = group, .errhandler = comm->errhandler, .context = votes[0].context};
    int err = comm_make(&plan, newcomm);
    group_release(group);
    return err;
}

static int
merge_held(struct comm *comm, int high, MPI_Comm *newcomm)
{
    struct vote *votes = calloc((size_t)comm->all->size, sizeof *votes);
    if (!votes)
        return error_new(MPI_ERR_NO_MEM, "no memory for a table of %d ranks", comm->all->size);
    int rank = comm->all->rank;
    votes[rank] = (struct vote){high, rank ? 0 : contexts_take(1)};
    int err = agree_gather(comm, COLL_INTERCOMM_MERGE, votes, sizeof *votes);
    if (!err && !(err = check_half(comm, comm->first, votes)))
        err = check_half(comm, !comm->first, votes);
    if (!err)
        err = make_merged(comm, votes, newcomm);
    free(votes);
    return err;
}

static int
merge(MPI_Comm handle, int high, MPI_Comm *newcomm)
{
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (err || (err = check_pointer(newcomm, "newintracomm")) || (err = engine_failed()))
        return err;
    if (!comm_is_inter(comm))
        return error_new(MPI_ERR_COMM, "%s is not an intercommunicator", comm_name(comm));
    comm_hold(comm);
    err = merge_held(comm, high, newcomm);
    comm_release(comm);
    return err;
}

int
PMPI_Intercomm_merge(MPI_Comm intercomm, int high, MPI_Comm *newintracomm)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = merge(intercomm, high, newintracomm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(intercomm, "MPI_Intercomm_merge", err);
}
weak_alias(PMPI_Intercomm_merge, MPI_Intercomm_merge);
