// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/check.h"
#include "p2p/p2p.h"

static cold int
bad_rank(const struct comm *comm, int rank)
{
    const char *name = comm->name[0] ? comm->name : "the communicator";
    if (comm_is_inter(comm))
        return error_new(MPI_ERR_RANK, "rank %d is not in the remote group of %s (0..%d)", rank,
                         name, comm->npeers - 1);
    return error_new(MPI_ERR_RANK, "rank %d is not in %s (0..%d)", rank, name, comm->size - 1);
}

static cold int
bad_tag(int tag)
{
    return error_new(MPI_ERR_TAG, "tag %d is negative (tags are 0..2147483647)", tag);
}

static cold int
bad_count(MPI_Count count)
{
    return error_new(MPI_ERR_COUNT, "count %lld is negative or too large for the datatype",
                     (long long)count);
}

// MPI_BOTTOM, a null pointer, is where the addresses of a derived type begin. Of no bytes the
// address is nothing to the user, but memcpy wants one.
static cold int
check_no_address(const struct type *type, struct envelope *e)
{
    if (!e->size)
        e->buffer = "";
    else if (e->buffer == MPI_IN_PLACE)
        return error_new(MPI_ERR_BUFFER, "the buffer is MPI_IN_PLACE, which has no meaning here");
    else if (type->predefined)
        return error_new(MPI_ERR_BUFFER, "the buffer is a null pointer, but the count is %lld",
                         (long long)e->count);
    return MPI_SUCCESS;
}

static inline int
comm_check(MPI_Comm handle, struct envelope *e)
{
    int err = comm_find(handle, &e->comm);
    return unlikely(err) ? err : engine_failed();
}

int
buffer_check(const void *buffer, MPI_Count count, MPI_Datatype handle, struct envelope *e)
{
    struct type *type = NULL;
    int err = type_find_committed(handle, &type);
    if (unlikely(err))
        return err;
    uint64_t size;
    if (unlikely(count < 0 ||
                 __builtin_mul_overflow((uint64_t)count, (uint64_t)type->size, &size) ||
                 size > INT64_MAX))
        return bad_count(count);
    e->type = type;
    e->buffer = buffer;
    e->count = count;
    e->size = size;
    if (unlikely((uintptr_t)buffer <= (uintptr_t)MPI_IN_PLACE))
        return check_no_address(type, e);
    return MPI_SUCCESS;
}

int
send_check(const struct p2p_args *args, struct envelope *e)
{
    int err = comm_check(args->comm, e);
    if (unlikely(err || (err = buffer_check(args->buffer, args->count, args->type, e))))
        return err;
    e->rank = args->rank;
    e->tag = args->tag;
    if (unlikely((unsigned)args->rank >= (unsigned)e->comm->npeers && args->rank != MPI_PROC_NULL))
        return bad_rank(e->comm, args->rank);
    if (unlikely(args->tag < 0))
        return bad_tag(args->tag);
    return MPI_SUCCESS;
}

static inline int
source_check(int source, int tag, struct envelope *e)
{
    e->rank = source;
    e->tag = tag;
    if (unlikely((unsigned)source >= (unsigned)e->comm->npeers && source != MPI_PROC_NULL &&
                 source != MPI_ANY_SOURCE))
        return bad_rank(e->comm, source);
    if (unlikely(tag < 0 && tag != MPI_ANY_TAG))
        return bad_tag(tag);
    return MPI_SUCCESS;
}

int
recv_check(const struct p2p_args *args, struct envelope *e)
{
    int err = comm_check(args->comm, e);
    if (unlikely(err || (err = buffer_check(args->buffer, args->count, args->type, e))))
        return err;
    return source_check(args->rank, args->tag, e);
}

int
probe_check(int source, int tag, MPI_Comm comm, struct envelope *e)
{
    int err = comm_check(comm, e);
    return err ? err : source_check(source, tag, e);
}
