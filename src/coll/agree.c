// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/agree.h"

static struct side
bytes_at(void *data, size_t n)
{
    return (struct side){.base = data, .count = (MPI_Count)n, .type = type_get(MPI_BYTE)};
}

static int
agree(struct comm *comm, enum coll_kind kind, int root, struct call *call)
{
    if (comm->all->size == 1)
        return engine_failed();
    int err = call_start(call, comm, signature_make(kind, root));
    return err ? err : call_run(call, coll_name(kind));
}

void
agree_plan_give(struct call *call, const struct comm *comm, int root, void *data, size_t n)
{
    bool tree = comm->all->size > FLAT && n <= TREE_MAX;
    call->flow = FLOW_DOWN;
    call->root = root;
    call->down = true;
    call->algorithm = tree ? RUN_TREE : RUN_EXCHANGE;
    call->send = call->recv = bytes_at(data, n);
    call->bytes = n;
}

static int
give_from(struct comm *comm, enum coll_kind kind, int root, void *data, size_t n)
{
    struct call call = {0};
    agree_plan_give(&call, comm, root < 0 ? 0 : root, data, n);
    return agree(comm, kind, root, &call);
}

int
agree_give(struct comm *comm, enum coll_kind kind, void *data, size_t n)
{
    return give_from(comm, kind, -1, data, n);
}

int
agree_give_from(struct comm *comm, enum coll_kind kind, int root, void *data, size_t n)
{
    return give_from(comm, kind, root, data, n);
}

int
agree_gather(struct comm *comm, enum coll_kind kind, void *table, size_t each)
{
    struct call call = {.flow = FLOW_ALL,
                        .root = -1,
                        .send = bytes_at((char *)table + (size_t)comm->all->rank * each, each),
                        .recv = bytes_at(table, each),
                        .bytes = each};
    return agree(comm, kind, -1, &call);
}

// Lanes: each member takes its own block from each, and its own from itself.
static int
agree_each(struct comm *comm, enum coll_kind kind, struct call *call)
{
    call->self = true;
    if (comm->size == 1)
        return call_alone(call);
    int err = call_start(call, comm, signature_make(kind, -1));
    return err ? err : call_run(call, coll_name(kind));
}

int
agree_alltoall(struct comm *comm, enum coll_kind kind, const void *send, void *recv, size_t each)
{
    struct call call = {.flow = FLOW_ALL,
                        .lanes = true,
                        .root = -1,
                        .send = bytes_at((void *)(uintptr_t)send, each),
                        .recv = bytes_at(recv, each),
                        .bytes = each};
    return agree_each(comm, kind, &call);
}

static struct side
side_of(const struct agree_blocks *blocks)
{
    struct side side = bytes_at(blocks->data, 0);
    side.counts.wide = blocks->counts;
    side.displs.wide = blocks->displs;
    return side;
}

int
agree_alltoallv(struct comm *comm, enum coll_kind kind, const struct agree_blocks *send,
                const struct agree_blocks *recv)
{
    struct call call = {.flow = FLOW_ALL,
                        .lanes = true,
                        .irregular = true,
                        .root = -1,
                        .send = side_of(send),
                        .recv = side_of(recv)};
    return agree_each(comm, kind, &call);
}
