// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/reduction.h"

// The result's buffer: `units` elements of the type of the contribution.
static int
check_result(struct call *call, const struct reduce_args *args, const struct reduction *r)
{
    if (unlikely(!args->recvbuf && call->bytes && call->type->predefined))
        return error_new(MPI_ERR_BUFFER, "recvbuf is a null pointer, but the count is %lld",
                         (long long)call->units);
    call->recv = (struct side){.base = args->recvbuf,
                               .count = (MPI_Count)call->units,
                               .type = call->type,
                               .raw = call->send.raw};
    if (args->sendbuf == MPI_IN_PLACE || r->no_input)
        return MPI_SUCCESS;
    call->self = true;
    struct part all = part_make(call->send.base, r->count * r->blocks, call->type, call->send.raw);
    struct part result = side_part(&call->recv, 0);
    return overlap_check(&all, &result);
}

int
reduction_check(struct call *call, const struct reduce_args *args, const struct reduction *r)
{
    bool in_place = args->sendbuf == MPI_IN_PLACE || r->no_input;
    struct given given = blocks(in_place ? args->recvbuf : args->sendbuf, r->count, args->datatype);
    int err = side_check(&call->send, &given, r->blocks, in_place ? "recv" : "send");
    if (unlikely(err) || unlikely(err = op_find(args->op, &call->op)) ||
        unlikely(err = op_check(call->op, call->send.type)))
        return err;
    struct type *type = call->type = call->send.type;
    call->send.raw = type->predefined && !type->contiguous;
    call->units = (uint64_t)(r->cut ? r->own : r->count);
    call->bytes = call->units * (uint64_t)(call->send.raw ? type->extent : type->size);
    return r->result ? check_result(call, args, r) : MPI_SUCCESS;
}
