// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Intercommunicators (MPI 5.0, 7.6).
 *
 * Their engine's part is one communicator of both groups: `all` has the members of both, that group
 * first which has the process with the lowest rank in the job, and everything that is agreed goes
 * among them. What the user sees is made of it by each side for itself.
 *
 * In MPI_Intercomm_create the two leaders first tell each other their groups through the peer
 * communicator, by messages of a context of their own with the user's tag; then each tells its
 * group what it has learnt, or what went wrong.
 */
#include "comm/comm.h"

#include "coll/agree.h"
#include "core/check.h"
#include "group/group.h"
#include "info/info.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEADERS_CONTEXT (UINT64_C(1) << 62) // of their messages: no communicator's id gets there

struct inter_args {
    MPI_Comm local;
    int leader;
    MPI_Comm peer;
    int remote_leader, tag;
    MPI_Comm *newcomm;
};

/* ---- the leaders ---- */

// What a leader knows of the other side.
struct meeting {
    struct comm *local;
    struct internal other; // the other leader
    bool lower;            // than the other one in the job: it takes the context, and sends first
    uint64_t context;
    int size;
    int *members; // ranks in the job, owned
};

static int
find_leader(const struct inter_args *args, struct meeting *m)
{
    struct comm *peer;
    int err = comm_find(args->peer, &peer), rank = args->remote_leader;
    if (err)
        return err;
    if (args->tag < 0)
        return negative_error(MPI_ERR_TAG, "tag", args->tag);
    if ((unsigned)rank >= (unsigned)peer->npeers)
        return error_new(MPI_ERR_RANK, "the remote leader %d is not in the %sgroup of %s (0..%d)",
                         rank, comm_is_inter(peer) ? "remote " : "", comm_name(peer),
                         peer->npeers - 1);
    int theirs = peer_rank(peer->peers[rank]);
    if (theirs == engine.rank)
        return error_new(MPI_ERR_RANK, "the remote leader, rank %d of %s, is the local leader too",
                         rank, comm_name(peer));
    int place = comm_is_inter(peer) && peer->first ? peer->size + rank : rank;
    m->other = (struct internal){"MPI_Intercomm_create", peer, peer->context | LEADERS_CONTEXT,
                                 place, args->tag};
    m->lower = engine.rank < theirs;
    return MPI_SUCCESS;
}

// Sizes and the context fit a slot each, and pass each other; lists may be long.
static int
swap_sizes(struct meeting *m)
{
    struct {
        uint64_t context;
        int size;
    } mine = {m->lower ? contexts_take(1) : 0, m->local->size}, theirs;
    int err = internal_send(&m->other, &mine, sizeof mine);
    if (!err)
        err = internal_recv(&m->other, &theirs, sizeof theirs, NULL);
    if (err)
        return err;
    m->context = m->lower ? mine.context : theirs.context;
    m->size = theirs.size;
    return MPI_SUCCESS;
}

static int
swap_members(struct meeting *m, const int *mine)
{
    size_t n = (size_t)m->local->size * sizeof *mine, theirs = (size_t)m->size * sizeof *mine;
    int err = m->lower ? internal_send(&m->other, mine, n) : MPI_SUCCESS;
    if (!err)
        err = internal_recv(&m->other, m->members, theirs, NULL);
    if (!err && !m->lower)
        err = internal_send(&m->other, mine, n);
    return err;
}

static int
swap_groups(struct meeting *m)
{
    int err = swap_sizes(m);
    if (err)
        return err;
    int *mine = malloc((size_t)m->local->size * sizeof *mine);
    m->members = malloc((size_t)m->size * sizeof *mine);
    if (!mine || !m->members) {
        free(mine);
        return error_new(MPI_ERR_NO_MEM, "no memory for two groups of %d and %d ranks",
                         m->local->size, m->size);
    }
    for (int i = 0; i < m->local->size; i++)
        mine[i] = peer_rank(m->local->peers[i]);
    err = swap_members(m, mine);
    free(mine);
    return err;
}

static int
remote_group(const struct meeting *m, struct group **group)
{
    int err = group_make(m->size, group);
    for (int i = 0; i < m->size && !err; i++)
        (*group)->peers[i] = &engine.peers[m->members[i]];
    return err;
}

static int
check_apart(const struct group *local, const struct group *remote, int errclass)
{
    struct group_map map;
    int err = group_map_start(&map, local);
    if (err)
        return err;
    for (int i = 0; i < remote->size && !err; i++) {
        int at = group_map_find(&map, remote->peers[i]);
        if (at != MPI_UNDEFINED)
            err = error_new(errclass,
                            "the groups overlap: process %d of the job is rank %d of the local "
                            "group and rank %d of the remote one",
                            peer_rank(remote->peers[i]), at, i);
    }
    group_map_stop(&map);
    return err;
}

static int
meet(const struct inter_args *args, struct meeting *m)
{
    int err = find_leader(args, m);
    if (err)
        return err;
    struct group *remote = NULL;
    comm_hold(m->other.comm);
    err = swap_groups(m);
    if (!err)
        err = remote_group(m, &remote);
    if (!err)
        err = check_apart(m->local->group, remote, MPI_ERR_COMM); // both leaders find the same
    if (remote)
        group_release(remote);
    comm_release(m->other.comm);
    return err;
}

/* ---- a leader and its group ---- */

struct word {
    int errclass; // of what went wrong; then `why` has the text
    int size;
    uint64_t context;
    char why[240];
};

static void
put_error(struct word *word, int err)
{
    char text[MPI_MAX_ERROR_STRING];
    word->errclass = error_class(err);
    if (!error_text(err, text, sizeof text))
        return;
    const char *plain = strstr(text, ": ");
    snprintf(word->why, sizeof word->why, "%.*s", (int)sizeof word->why - 1,
             plain ? plain + 2 : text);
}

static int
tell(const struct inter_args *args, struct meeting *m, int err)
{
    struct word word = {.size = m->size, .context = m->context};
    bool leads = m->local->rank == args->leader;
    if (err)
        put_error(&word, err);
    int failed = agree_give_from(m->local, COLL_INTERCOMM_CREATE, args->leader, &word, sizeof word);
    if (err || failed)
        return err ? err : failed;
    if (word.errclass)
        return error_new(word.errclass, "the leader, rank %d: %s", args->leader, word.why);
    m->size = word.size;
    m->context = word.context;
    if (!leads && !(m->members = malloc((size_t)m->size * sizeof *m->members)))
        err = error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks", m->size);
    int none, *members = m->members ? m->members : &none;
    failed = agree_give_from(m->local, COLL_INTERCOMM_CREATE, args->leader, members,
                             m->members ? (size_t)m->size * sizeof *members : 0);
    return err ? err : failed;
}

static int
make_inter(const struct meeting *m, MPI_Comm *newcomm)
{
    struct comm_plan plan = {
        .group = m->local->group, .errhandler = m->local->errhandler, .context = m->context};
    int err = remote_group(m, &plan.remote);
    if (err)
        return err;
    err = comm_make(&plan, newcomm);
    group_release(plan.remote);
    return err;
}

static int
intercomm_create(const struct inter_args *args)
{
    struct meeting m = {0};
    int err = comm_find(args->local, &m.local);
    if (err || (err = check_pointer(args->newcomm, "newintercomm")) || (err = engine_failed()))
        return err;
    if (comm_is_inter(m.local))
        return error_new(MPI_ERR_COMM, "local_comm, %s, is an intercommunicator",
                         comm_name(m.local));
    if ((unsigned)args->leader >= (unsigned)m.local->size)
        return error_new(MPI_ERR_RANK, "the local leader %d is not in %s (0..%d)", args->leader,
                         comm_name(m.local), m.local->size - 1);
    comm_hold(m.local);
    err = m.local->rank == args->leader ? meet(args, &m) : MPI_SUCCESS;
    err = tell(args, &m, err);
    if (!err)
        err = make_inter(&m, args->newcomm);
    free(m.members);
    comm_release(m.local);
    return err;
}

int
PMPI_Intercomm_create(MPI_Comm local_comm, int local_leader, MPI_Comm peer_comm, int remote_leader,
                      int tag, MPI_Comm *newintercomm)
{
    struct inter_args args = {local_comm,    local_leader, peer_comm,
                              remote_leader, tag,          newintercomm};
    int err = engine_enter();
    if (likely(!err)) {
        err = intercomm_create(&args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(local_comm, "MPI_Intercomm_create", err);
}
weak_alias(PMPI_Intercomm_create, MPI_Intercomm_create);

/* ---- from groups ---- */

struct groups_args {
    MPI_Group local;
    int leader;
    MPI_Group remote;
    int remote_leader;
    const char *tag;
    MPI_Info info;
    MPI_Errhandler errhandler;
    MPI_Comm *newcomm;
};

// The context of the messages of one call: who has other groups or another tag is not met.
static uint64_t
context_of(const struct group *all, int first, const char *tag)
{
    uint64_t hash = (uint64_t)first;
    for (int i = 0; i < all->size; i++)
        hash = (hash ^ (uint64_t)peer_rank(all->peers[i])) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (; *tag; tag++)
        hash = (hash ^ (unsigned char)*tag) * UINT64_C(0x9e3779b97f4a7c15) + 1;
    return LEADERS_CONTEXT | (hash >> 3 & ~UINT64_C(1));
}

// The first of all takes the context and tells the others.
static int
spread(struct comm *meeting, uint64_t *context)
{
    struct internal other = {"MPI_Intercomm_create_from_groups", meeting, meeting->context, 0, -1};
    if (meeting->rank)
        return internal_recv(&other, context, sizeof *context, NULL);
    int err = MPI_SUCCESS;
    *context = contexts_take(1);
    for (other.rank = 1; other.rank < meeting->size && !err; other.rank++)
        err = internal_send(&other, context, sizeof *context);
    return err;
}

static int
agree_by_groups(struct comm_plan *plan, const char *tag)
{
    bool first = comm_goes_first(plan->group, plan->remote);
    int half = first ? plan->group->size : plan->remote->size;
    struct comm *meeting = comm_new(plan->all, context_of(plan->all, half, tag));
    if (!meeting)
        return error_new(MPI_ERR_NO_MEM, "no memory for another communicator");
    group_hold(plan->all);
    int err = spread(meeting, &plan->context);
    comm_drop(meeting);
    return err;
}

static int
make_from_groups(const struct groups_args *args, struct comm_plan *plan)
{
    plan->all = comm_join(plan->group, plan->remote, comm_goes_first(plan->group, plan->remote));
    if (!plan->all)
        return error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks",
                         plan->group->size + plan->remote->size);
    int err = agree_by_groups(plan, args->tag);
    if (!err)
        err = comm_make(plan, args->newcomm);
    group_release(plan->all);
    return err;
}

static int
check_leader(const char *argument, int leader, const struct group *group)
{
    if ((unsigned)leader < (unsigned)group->size)
        return MPI_SUCCESS;
    return error_new(MPI_ERR_RANK, "%s is %d; the group's ranks are 0..%d", argument, leader,
                     group->size - 1);
}

static int
check_stringtag(const char *tag)
{
    int err = check_pointer(tag, "stringtag");
    if (!err && strnlen(tag, MPI_MAX_STRINGTAG_LEN) == MPI_MAX_STRINGTAG_LEN)
        err = error_new(MPI_ERR_ARG, "the stringtag is longer than %d characters",
                        MPI_MAX_STRINGTAG_LEN - 1);
    return err;
}

static int
check_groups(const struct groups_args *args, const struct comm_plan *plan)
{
    int err = check_leader("local_leader", args->leader, plan->group);
    if (!err && plan->group->rank == args->leader)
        err = check_leader("remote_leader", args->remote_leader, plan->remote);
    if (!err && plan->group->rank == MPI_UNDEFINED)
        err = error_new(MPI_ERR_GROUP, "this process (%d of the job) is not in local_group",
                        engine.rank);
    return err ? err : check_apart(plan->group, plan->remote, MPI_ERR_GROUP);
}

static int
inter_from_groups(const struct groups_args *args)
{
    struct comm_plan plan = {0};
    struct info *info;
    int err = group_find(args->local, &plan.group);
    if (!err)
        err = group_find(args->remote, &plan.remote);
    if (!err)
        err = check_stringtag(args->tag);
    if (!err && args->info != MPI_INFO_NULL)
        err = info_find(args->info, &info);
    if (!err)
        err = errhandler_find(args->errhandler, &plan.errhandler);
    if (!err && plan.errhandler->kind > ERRH_COMM)
        err = error_new(MPI_ERR_ERRHANDLER, "the error handler is not one for communicators");
    if (err || (err = check_pointer(args->newcomm, "newintercomm")) || (err = engine_failed()))
        return err;
    if (plan.group->size == 0 || plan.remote->size == 0) {
        *args->newcomm = MPI_COMM_NULL;
        return MPI_SUCCESS;
    }
    if ((err = check_groups(args, &plan)))
        return err;
    group_hold(plan.group);
    group_hold(plan.remote);
    errhandler_hold(plan.errhandler);
    err = make_from_groups(args, &plan);
    errhandler_release(plan.errhandler);
    group_release(plan.remote);
    group_release(plan.group);
    return err;
}

int
PMPI_Intercomm_create_from_groups(MPI_Group local_group, int local_leader, MPI_Group remote_group,
                                  int remote_leader, const char *stringtag, MPI_Info info,
                                  MPI_Errhandler errhandler, MPI_Comm *newintercomm)
{
    struct groups_args args = {local_group, local_leader, remote_group, remote_leader,
                               stringtag,   info,         errhandler,   newintercomm};
    int err = engine_enter();
    if (likely(!err)) {
        err = inter_from_groups(&args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Intercomm_create_from_groups", err);
}
weak_alias(PMPI_Intercomm_create_from_groups, MPI_Intercomm_create_from_groups);

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
