// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Communicators (MPI 5.0, chapter 7).
 *
 * A new communicator needs one agreement among its members: the context id. Ids are 64 bits from a
 * counter in the segment, two for each communicator (point-to-point, and the engine's own
 * messages), and are never used again. Rank 0 takes it and the others learn it in a collective of
 * the parent (coll/agree.h); the members of a group, in MPI_Comm_create_group and
 * MPI_Comm_create_from_group, from one of them that they all tell their group.
 */
#ifndef MUSTER_COMM_COMM_H
#define MUSTER_COMM_COMM_H

#include "coll/call.h"
#include "core/message.h"
#include "errh/raise.h"

/* The group of MPI_Comm_create_group, or of a call without a parent communicator. */
struct circle {
    const char *op;    // the function
    struct comm *comm; // the parent, or engine.everyone
    const int *ranks;  // in comm, this process among them
    int size;
    int half;              // how many of them are the first group of two, or 0
    int tag;               // the user's, of a call with a parent
    const char *stringtag; // of one without; NULL: there is a parent
};

/* A context id for the new communicator, the same in all members, or an error of class
 * MPI_ERR_GROUP with the groups, when members were called with different ones; of MPI_ERR_TAG,
 * MPI_ERR_ARG or MPI_ERR_COMM when the calls differ. Under the lock. */
int circle_agree(const struct circle *circle, uint64_t *context);

/* The same for the members of a group, or of two that are joined in it, that have no communicator
 * in common. Members of other calls at the same time are told apart by function and stringtag. */
int group_agree(struct group *group, int half, const char *op, const char *stringtag,
                uint64_t *context);

/* What a new communicator is made of: groups and error handler are held by it as well. */
struct comm_plan {
    struct group *group;
    struct group *remote; // NULL: it has one group
    struct group *all;    // of both in their order; NULL: made here
    struct errhandler *errhandler;
    uint64_t context;
    uint16_t hints;
};
int comm_make(const struct comm_plan *plan, MPI_Comm *handle);

/* One of this group alone, whose reference it takes over (also when it fails), with the parent's
 * error handler; or NULL. */
struct comm *comm_child(const struct comm *parent, struct group *group, uint64_t context);

/* What a duplicate is made of, but for its context id. */
static inline struct comm_plan
comm_plan_dup(const struct comm *comm, uint16_t hints)
{
    return (struct comm_plan){.group = comm->group,
                              .remote = comm->remote,
                              .all = comm->all,
                              .errhandler = comm->errhandler,
                              .hints = hints};
}

/* Change a communicator's hints as an info object says. */
struct info;
void hints_put(uint16_t *hints, const struct info *info);

/* Split by color and key, which all have agreed on under `kind`; with MPI_UNDEFINED the result is
 * MPI_COMM_NULL. Under the lock, `comm` held. */
struct split {
    int color, key;
};
int comm_split(struct comm *comm, enum coll_kind kind, const struct split *split,
               MPI_Comm *newcomm);

/* Contexts of messages between leaders: no communicator's id gets there, and no offer of a
 * partitioned message, whose contexts are even. */
#define LEADERS_CONTEXT (UINT64_C(1) << 62 | 1)

/* An error of this class when a process is in both groups. */
int groups_apart(const struct group *local, const struct group *remote, int errclass);

/* MPI_Comm_create on an intercommunicator. Under the lock, both held. */
int inter_create(struct comm *comm, struct group *group, MPI_Comm *newcomm);

/* "MPI_COMM_WORLD", or "the communicator". */
static inline const char *
comm_name(const struct comm *comm)
{
    return comm->name[0] ? comm->name : "the communicator";
}

/* Does `group` come first in `all`? That of the process with the lowest rank in the job does. */
bool comm_goes_first(const struct group *group, const struct group *remote);

/* The members of both groups as `comm->all` has them, or NULL. */
struct group *comm_join(const struct group *group, const struct group *remote, bool first);

/* Is a member of comm->all one of the local group? */
static inline bool
comm_is_local(const struct comm *comm, int member)
{
    if (!comm->remote)
        return true;
    return comm->first ? member < comm->size : member >= comm->remote->size;
}

/* `n` new context ids in a row; the first is returned. */
uint64_t contexts_take(uint64_t n);

/* The same, of ids that no job but this one ever has: they begin anywhere below 2^61. */
#define CONTEXT_SHARED (UINT64_C(1) << 61)
uint64_t context_shared(uint64_t n);

/*
 * What makes an intercommunicator of two groups whose leaders can talk. `bridge` is a communicator
 * that has both leaders, `other` the other one's place in its `all`; only the leader has it. `err`
 * is what has gone wrong before at the leader: its group hears of it. Under the lock, `local` held.
 */
struct inter_meeting {
    const char *op;
    enum coll_kind kind;
    struct comm *local;
    int leader;
    struct comm *bridge;
    int other;
    int rank;         // of the other one, as the user gave it
    uint64_t context; // of the leaders' messages
    int tag;
    int errclass; // of two groups that overlap
};
int inter_meet(const struct inter_meeting *meeting, int err, MPI_Comm *newcomm);

/* Copy attributes to a duplicate that stands; when a copy function fails it is ended, and *handle
 * becomes MPI_COMM_NULL. Calls the user's functions: `parent` is held. */
int comm_copy_attributes(struct comm *parent, MPI_Comm *handle);

/* End the user's handle. */
void comm_drop(struct comm *comm);

#endif
