// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/coll.h"
#include "comm/comm.h"
#include "core/jobs.h"
#include "group/group.h"
#include "p2p/bsend.h"
#include "topo/topo.h"

#include <string.h>

struct comm *
comm_special(MPI_Comm handle)
{
    if (likely(handle == MPI_COMM_WORLD))
        return engine.world;
    return handle == MPI_COMM_SELF ? engine.self : NULL;
}

// One that has not been finished: its group is the caller's.
static void
comm_discard(struct comm *comm)
{
    errhandler_release(comm->errhandler);
    pool_free(HANDLE_COMM, comm);
}

struct comm *
comm_new(struct group *group, uint64_t context)
{
    struct comm *comm = pool_alloc(HANDLE_COMM, sizeof *comm);
    if (!comm)
        return NULL;
    comm->refs = 1;
    comm->group = group;
    comm->all = group;
    comm->peers = group->peers;
    comm->npeers = group->size;
    comm->rank = group->rank;
    comm->size = group->size;
    comm->context = context;
    comm->mixed = jobs_mixed(group->peers, group->size);
    comm->handle = (MPI_Comm)handle_of(HANDLE_COMM, comm);
    errhandler_hold(comm->errhandler = errhandler_initial());
    return comm;
}

static struct peer_name
lowest(const struct group *group)
{
    struct peer_name least = {UINT64_MAX, 0};
    for (int i = 0; i < group->size; i++) {
        struct peer_name name = peer_name(group->peers[i]);
        if (peer_name_compare(name, least) < 0)
            least = name;
    }
    return least;
}

bool
comm_goes_first(const struct group *group, const struct group *remote)
{
    return peer_name_compare(lowest(group), lowest(remote)) < 0;
}

static struct group *
join(const struct group *a, const struct group *b)
{
    struct group *both = group_new(a->size + b->size);
    if (!both)
        return NULL;
    memcpy(both->peers, a->peers, (size_t)a->size * sizeof *a->peers);
    memcpy(both->peers + a->size, b->peers, (size_t)b->size * sizeof *b->peers);
    both->rank = a->rank != MPI_UNDEFINED ? a->rank : a->size + b->rank;
    return both;
}

struct group *
comm_join(const struct group *group, const struct group *remote, bool first)
{
    return first ? join(group, remote) : join(remote, group);
}

static bool
add_remote(struct comm *comm, const struct comm_plan *plan)
{
    comm->first = comm_goes_first(plan->group, plan->remote);
    comm->all = plan->all ? plan->all : comm_join(plan->group, plan->remote, comm->first);
    if (!comm->all)
        return false;
    if (plan->all)
        group_hold(plan->all);
    group_hold(comm->remote = plan->remote);
    comm->peers = plan->remote->peers;
    comm->npeers = plan->remote->size;
    comm->mixed = jobs_mixed(comm->all->peers, comm->all->size);
    return true;
}

int
comm_make(const struct comm_plan *plan, MPI_Comm *handle)
{
    struct comm *comm = comm_new(plan->group, plan->context);
    if (!comm || (plan->remote && !add_remote(comm, plan))) {
        if (comm)
            comm_discard(comm);
        return error_new(MPI_ERR_NO_MEM, "no memory for another communicator");
    }
    group_hold(plan->group);
    errhandler_hold(plan->errhandler);
    errhandler_release(comm->errhandler);
    comm->errhandler = plan->errhandler;
    comm->hints = plan->hints;
    *handle = comm->handle;
    return MPI_SUCCESS;
}

struct comm *
comm_child(const struct comm *parent, struct group *group, uint64_t context)
{
    struct comm_plan plan = {.group = group, .errhandler = parent->errhandler, .context = context};
    MPI_Comm handle;
    int err = comm_make(&plan, &handle);
    group_release(group); // the communicator has its own reference
    return err ? NULL : comm_get(handle);
}

void
comm_end(struct comm *comm)
{
    topology_release(comm->topology);
    coll_free(comm);
    bsend_drop(&comm->buffer);
    errhandler_release(comm->errhandler);
    if (comm->remote) {
        group_release(comm->remote);
        group_release(comm->all);
    }
    group_release(comm->group);
    pool_free(HANDLE_COMM, comm);
}

uint64_t
context_shared(uint64_t n)
{
    return CONTEXT_SHARED |
           atomic_fetch_add_explicit(&engine.seg->next_shared_context, n * 2, memory_order_relaxed);
}

// A process alone has no segment and agrees with itself. Who knows other jobs takes ids that none
// of them has: members of those may come to be in the communicator.
uint64_t
contexts_take(uint64_t n)
{
    if (unlikely(engine.jobs != NULL))
        return context_shared(n);
    if (engine.size > 1)
        return atomic_fetch_add_explicit(&engine.seg->next_context, n * 2, memory_order_relaxed);
    uint64_t first = FIRST_CONTEXT + engine.next_context;
    engine.next_context += n * 2;
    return first;
}
