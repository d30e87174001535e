// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/quick.h"

/* MPI_Bcast (MPI 5.0, 6.4). */

struct bcast_args {
    void *buffer;
    MPI_Count count;
    MPI_Datatype datatype;
    int root;
    MPI_Comm comm;
};

static noinline_ int
bcast_any(struct comm *comm, const struct bcast_args *args, bool posted)
{
    struct call call = {.flow = FLOW_DOWN, .root = args->root, .down = true, .posted = posted};
    int err = root_check(comm, args->root);
    if (unlikely(!err && args->buffer == MPI_IN_PLACE && args->count))
        err = in_place_error("buffer");
    if (unlikely(err) ||
        unlikely(err = side_check(&call.send, args->buffer, args->count, args->datatype, 1, "")))
        return err;
    if (comm->size == 1)
        return engine_failed();
    call.recv = call.send;
    call.bytes = side_bytes(&call.send, 0);
    call.algorithm = comm->size > FLAT && call.bytes <= TREE_MAX ? RUN_TREE : RUN_EXCHANGE;
    err = call_start(&call, comm, signature_make(COLL_BCAST, args->root));
    return likely(!err) ? call_run(&call, "MPI_Bcast") : err;
}

static inline int
bcast_on(struct comm *comm, const struct bcast_args *args)
{
    struct small s;
    struct quick q;
    bool posted = false, root = comm->rank == args->root;
    if (likely(small_buffer(&s, args->buffer, args->count, args->datatype, QUICK_MOST) &&
               (unsigned)args->root < (unsigned)comm->size &&
               quick_begin(&q, comm, signature_make(COLL_BCAST, args->root), root ? s.bytes : 0))) {
        if (root)
            small_copy(q.data, s.data, s.bytes);
        posted = quick_post(&q, s.bytes);
        if (root)
            return quick_end(&q);
        if (likely(quick_seen(&q, args->root, s.bytes))) {
            small_copy(s.data, quick_data(&q, args->root, s.bytes), s.bytes);
            return quick_end(&q);
        }
    }
    return bcast_any(comm, args, posted);
}

static int
bcast(const struct bcast_args *args)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = coll_find(args->comm, &comm);
        if (likely(!err))
            err = bcast_on(comm, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Bcast", err);
}

int
PMPI_Bcast(void *buffer, int count, MPI_Datatype datatype, int root, MPI_Comm comm)
{
    struct bcast_args args = {buffer, count, datatype, root, comm};
    return bcast(&args);
}
weak_alias(PMPI_Bcast, MPI_Bcast);

int
PMPI_Bcast_c(void *buffer, MPI_Count count, MPI_Datatype datatype, int root, MPI_Comm comm)
{
    struct bcast_args args = {buffer, count, datatype, root, comm};
    return bcast(&args);
}
weak_alias(PMPI_Bcast_c, MPI_Bcast_c);
