// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Intercommunicators (MPI 5.0, 7.6).
 *
 * Their engine's part is one communicator of both groups: `all` has the members of both, that group
 * first which has the process with the lowest name (core/jobs.h), and all that is agreed goes
 * among them. What the user sees is made of it by each side for itself.
 *
 * In MPI_Intercomm_create the two leaders first tell each other their groups through the peer
 * communicator, by messages of a context of their own with the user's tag; then each tells its
 * group what it has learnt, or what went wrong.
 */
#include "comm/comm.h"

#include "coll/agree.h"
#include "core/check.h"
#include "core/jobs.h"
#include "group/group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct inter_args {
    MPI_Comm local;
    int leader;
    MPI_Comm peer;
    int remote_leader, tag;
    MPI_Comm *newcomm;
};

/* ---- the leaders ---- */

// What is known of the other side.
struct meeting {
    const struct inter_meeting *of;
    struct internal other; // the other leader
    bool lower;            // than the other one: it sends first
    uint64_t context;
    int size;
    struct peer_name *members; // owned
};

static int
find_leader(const struct inter_args *args, struct inter_meeting *m)
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
    if (peer->peers[rank] == &engine.peers[engine.rank])
        return error_new(MPI_ERR_RANK, "the remote leader, rank %d of %s, is the local leader too",
                         rank, comm_name(peer));
    m->bridge = peer;
    m->other = comm_is_inter(peer) && peer->first ? peer->size + rank : rank;
    m->context = peer->context | LEADERS_CONTEXT;
    m->tag = args->tag;
    m->rank = rank;
    return MPI_SUCCESS;
}

// The other leader waits for this one in a call of its own.
static int
leaders_differ(const struct meeting *m, const struct internal *stray)
{
    if (stray->context != m->other.context)
        return error_new(MPI_ERR_COMM,
                         "the remote leader, rank %d of %s, called it with another peer "
                         "communicator",
                         m->of->rank, comm_name(m->other.comm));
    return error_new(MPI_ERR_TAG,
                     "the remote leader, rank %d of %s, called it with tag %d, this process with "
                     "tag %d",
                     m->of->rank, comm_name(m->other.comm), stray->tag, m->other.tag);
}

// Sizes and the context fit a slot each, and pass each other; lists may be long. The lower one's
// context is taken, but one that is safe between jobs comes before one that is not.
static int
swap_sizes(struct meeting *m)
{
    struct {
        uint64_t context;
        int size, threads; // last: internal_meet looks at it
    } mine = {contexts_take(1), m->of->local->size, engine.threads}, theirs;
    struct internal stray;
    int err = internal_send(&m->other, &mine, sizeof mine);
    if (!err)
        err = internal_meet(&m->other, &theirs, sizeof theirs, &stray);
    if (err)
        return err;
    if (stray.op)
        return leaders_differ(m, &stray);
    bool safe = mine.context & CONTEXT_SHARED, safe_too = theirs.context & CONTEXT_SHARED;
    m->context = (safe == safe_too ? m->lower : safe) ? mine.context : theirs.context;
    m->size = theirs.size;
    return MPI_SUCCESS;
}

static int
swap_members(struct meeting *m, const struct peer_name *mine)
{
    size_t n = (size_t)m->of->local->size * sizeof *mine, theirs = (size_t)m->size * sizeof *mine;
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
    const struct comm *local = m->of->local;
    int err = swap_sizes(m);
    if (err)
        return err;
    struct peer_name *mine = malloc((size_t)local->size * sizeof *mine);
    m->members = malloc((size_t)m->size * sizeof *mine);
    if (!mine || !m->members) {
        free(mine);
        return error_new(MPI_ERR_NO_MEM, "no memory for two groups of %d and %d ranks", local->size,
                         m->size);
    }
    for (int i = 0; i < local->size; i++)
        mine[i] = peer_name(local->peers[i]);
    err = swap_members(m, mine);
    free(mine);
    return err;
}

static int
remote_group(const struct meeting *m, struct group **group)
{
    int err = group_make(m->size, group);
    for (int i = 0; i < m->size && !err; i++)
        err = peer_find(m->members[i], &(*group)->peers[i]);
    return err;
}

static int
meet(struct meeting *m)
{
    const struct inter_meeting *of = m->of;
    struct group *remote = NULL;
    m->other = (struct internal){of->op, of->bridge, of->context, of->other, of->tag};
    m->lower = peer_name_compare(peer_name(&engine.peers[engine.rank]),
                                 peer_name(of->bridge->all->peers[of->other])) < 0;
    comm_hold(of->bridge);
    int err = swap_groups(m);
    if (!err)
        err = remote_group(m, &remote);
    if (!err)
        err = groups_apart(of->local->group, remote, of->errclass); // both leaders find the same
    if (remote)
        group_release(remote);
    comm_release(of->bridge);
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
tell(struct meeting *m, int err)
{
    struct word word = {.size = m->size, .context = m->context};
    struct comm *local = m->of->local;
    int leader = m->of->leader;
    if (err)
        put_error(&word, err);
    int failed = agree_give_from(local, m->of->kind, leader, &word, sizeof word);
    if (err || failed)
        return err ? err : failed;
    if (word.errclass)
        return error_new(word.errclass, "the leader, rank %d: %s", leader, word.why);
    m->size = word.size;
    m->context = word.context;
    if (local->rank != leader && !(m->members = malloc((size_t)m->size * sizeof *m->members)))
        err = error_new(MPI_ERR_NO_MEM, "no memory for a group of %d ranks", m->size);
    struct peer_name none, *members = m->members ? m->members : &none;
    failed = agree_give_from(local, m->of->kind, leader, members,
                             m->members ? (size_t)m->size * sizeof *members : 0);
    return err ? err : failed;
}

// Between jobs all meet once more: each has the others' segments before anybody goes on, and
// perhaps ends.
static int
make_inter(const struct meeting *m, MPI_Comm *newcomm)
{
    struct comm *local = m->of->local;
    struct comm_plan plan = {
        .group = local->group, .errhandler = local->errhandler, .context = m->context};
    int err = remote_group(m, &plan.remote);
    MPI_Comm handle = MPI_COMM_NULL;
    if (!err)
        err = comm_make(&plan, &handle);
    if (plan.remote)
        group_release(plan.remote);
    struct comm *comm = err ? NULL : comm_get(handle);
    if (!err && comm->mixed && (err = agree_gather(comm, COLL_INTERCOMM_CREATE, NULL, 0)))
        comm_drop(comm);
    if (!err)
        *newcomm = handle;
    return err;
}

int
inter_meet(const struct inter_meeting *of, int err, MPI_Comm *newcomm)
{
    struct meeting m = {.of = of};
    if (!err && of->local->rank == of->leader)
        err = meet(&m);
    err = tell(&m, err);
    if (!err)
        err = make_inter(&m, newcomm);
    free(m.members);
    return err;
}

static int
intercomm_create(const struct inter_args *args)
{
    struct inter_meeting m = {.op = "MPI_Intercomm_create",
                              .kind = COLL_INTERCOMM_CREATE,
                              .leader = args->leader,
                              .errclass = MPI_ERR_COMM};
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
    err = m.local->rank == args->leader ? find_leader(args, &m) : MPI_SUCCESS;
    err = inter_meet(&m, err, args->newcomm);
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
