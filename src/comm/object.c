// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/coll.h"
#include "comm/comm.h"
#include "group/group.h"

struct comm *
comm_special(MPI_Comm handle)
{
    if (likely(handle == MPI_COMM_WORLD))
        return engine.world;
    return handle == MPI_COMM_SELF ? engine.self : NULL;
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
    comm->rank = group->rank;
    comm->size = group->size;
    comm->context = context;
    comm->handle = (MPI_Comm)handle_of(HANDLE_COMM, comm);
    errhandler_hold(comm->errhandler = errhandler_initial());
    return comm;
}

void
comm_end(struct comm *comm)
{
    coll_free(comm);
    errhandler_release(comm->errhandler);
    group_release(comm->group);
    pool_free(HANDLE_COMM, comm);
}

// A process alone has no segment and agrees with itself.
uint64_t
contexts_take(uint64_t n)
{
    if (engine.size > 1)
        return atomic_fetch_add_explicit(&engine.seg->next_context, n * 2, memory_order_relaxed);
    uint64_t first = FIRST_CONTEXT + engine.next_context;
    engine.next_context += n * 2;
    return first;
}
