// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Reduce_local (MPI 5.0, 6.9.7). */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "op/op.h"

// Elements that take a few microseconds, longer than it takes to give the lock away.
#define LONG 16384

struct args {
    const void *in;
    void *inout;
    MPI_Count count;
    MPI_Datatype type;
    MPI_Op op;
};

static int
check_buffers(const struct args *args, const struct type *type)
{
    if (args->count == 0)
        return MPI_SUCCESS;
    if (type->size && args->count > INT64_MAX / type->size)
        return error_new(MPI_ERR_COUNT, "%lld elements of %lld bytes are too many",
                         (long long)args->count, (long long)type->size);
    if (args->in == args->inout)
        return error_new(MPI_ERR_BUFFER, "inbuf and inoutbuf are the same buffer (%p)", args->in);
    if (args->in == MPI_IN_PLACE || args->inout == MPI_IN_PLACE)
        return error_new(MPI_ERR_BUFFER, "MPI_IN_PLACE has no meaning here");
    if ((!args->in || !args->inout) && type->predefined)
        return error_new(MPI_ERR_BUFFER, "%s is a null pointer, but the count is %lld",
                         args->in ? "inoutbuf" : "inbuf", (long long)args->count);
    return MPI_SUCCESS;
}

// Other threads may have the lock meanwhile, where it takes a while; a user's function has none
// anyway.
static void
apply(struct op *op, struct type *type, const struct args *args)
{
    bool apart = op->predefined && args->count >= LONG;
    if (apart)
        engine_give();
    op_apply(op, type, args->in, args->inout, args->count);
    if (apart)
        engine_take();
}

static int
reduce_local(const struct args *args)
{
    struct type *type = NULL;
    struct op *op = NULL;
    int err = check_count(args->count, "count");
    if (!err)
        err = type_find_committed(args->type, &type);
    if (!err)
        err = op_find(args->op, &op);
    if (!err)
        err = op_check(op, type);
    if (!err)
        err = check_buffers(args, type);
    if (err || args->count == 0)
        return err;
    type_hold(type);
    op_hold(op);
    apply(op, type, args);
    op_release(op);
    type_release(type);
    return MPI_SUCCESS;
}

static int
reduce_or_raise(const struct args *args, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = reduce_local(args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise(function, err);
}

int
PMPI_Reduce_local(const void *inbuf, void *inoutbuf, int count, MPI_Datatype datatype, MPI_Op op)
{
    struct args args = {inbuf, inoutbuf, count, datatype, op};
    return reduce_or_raise(&args, "MPI_Reduce_local");
}
weak_alias(PMPI_Reduce_local, MPI_Reduce_local);

int
PMPI_Reduce_local_c(const void *inbuf, void *inoutbuf, MPI_Count count, MPI_Datatype datatype,
                    MPI_Op op)
{
    struct args args = {inbuf, inoutbuf, count, datatype, op};
    return reduce_or_raise(&args, "MPI_Reduce_local_c");
}
weak_alias(PMPI_Reduce_local_c, MPI_Reduce_local_c);
