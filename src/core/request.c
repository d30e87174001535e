// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/request.h"

#include "core/engine.h"

#include <stdlib.h>

struct request *
request_alloc(enum request_kind kind)
{
    struct request *request = pool_alloc(HANDLE_REQUEST, sizeof *request);
    if (request)
        request->kind = (uint8_t)kind;
    return request;
}

void
request_free(struct request *request)
{
    if (request->comm)
        comm_release(request->comm);
    if (request->type)
        type_release(request->type);
    if (request->buffered)
        free((void *)(uintptr_t)request->base);
    pool_free(HANDLE_REQUEST, request);
}

void
request_done(struct request *request, int error)
{
    request->error = error;
    request->done = true;
    engine_changed();
    if (!request->orphan)
        return;
    if (request->buffered)
        engine.buffer_used -= request->charged;
    request_free(request);
}

void
request_status(const struct request *request, MPI_Status *status)
{
    if (status == MPI_STATUS_IGNORE)
        return;
    if (request->kind == REQUEST_RECV)
        status_set(status, request->rank, request->tag, request->size);
    else
        status_set(status, MPI_ANY_SOURCE, MPI_ANY_TAG, 0);
    status->MPI_internal[2] = request->cancelled;
}
