// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "part/part.h"

#include "info/info.h"

#define OFFERS (UINT64_C(1) << 62) // no communicator's id ever gets there

struct internal
part_offers(const struct envelope *e, const char *op)
{
    return (struct internal){op, e->comm, e->comm->context | OFFERS, e->rank, e->tag};
}

void
part_ended(struct request *request, int error)
{
    struct parts *parts = request->of;
    if (!parts->error)
        parts->error = error;
    if (--parts->open == 0)
        request_done(request, parts->error);
}

int
part_check(const struct part_args *args, const struct envelope *e)
{
    struct info *info;
    uint64_t total;
    if (args->partitions < 1)
        return error_new(MPI_ERR_ARG, "the number of partitions is %d, not positive",
                         args->partitions);
    if (__builtin_mul_overflow(e->size, (uint64_t)args->partitions, &total) || total > INT64_MAX)
        return error_new(MPI_ERR_COUNT, "%d partitions of %llu bytes are too many",
                         args->partitions, (unsigned long long)e->size);
    return args->info == MPI_INFO_NULL ? MPI_SUCCESS : info_find(args->info, &info);
}

struct request *
part_request(const struct request_class *class, struct parts *parts, const struct envelope *e,
             int partitions)
{
    struct request *request = request_of_class(class, parts, e->comm);
    if (!request)
        return NULL;
    parts->envelope = *e;
    parts->partitions = partitions;
    type_hold(request->type = e->type);
    request->rank = e->rank;
    request->tag = e->tag;
    request->persistent = request->done = true;
    return request;
}

int
part_cancel(struct request *request)
{
    (void)request;
    return error_new(MPI_ERR_REQUEST, "partitioned communication cannot be cancelled");
}

int
part_find(const struct parts *parts, int partition)
{
    if (likely(partition >= 0 && partition < parts->partitions))
        return MPI_SUCCESS;
    return error_new(MPI_ERR_ARG, "partition %d is not one of the request's (0..%d)", partition,
                     parts->partitions - 1);
}
