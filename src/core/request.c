// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/request.h"

#include "core/engine.h"
#include "core/message.h"

#include <stdlib.h>

struct request *
request_alloc(enum request_kind kind)
{
    struct request *request = pool_alloc(HANDLE_REQUEST, sizeof *request);
    if (request)
        request->kind = (uint8_t)kind;
    return request;
}

struct request *
request_of_class(const struct request_class *class, void *of, struct comm *comm)
{
    struct request *request = request_alloc(REQUEST_OTHER);
    if (!request)
        return NULL;
    request->class = class;
    request->of = of;
    request->rank = MPI_ANY_SOURCE;
    request->tag = MPI_ANY_TAG;
    if ((request->comm = comm))
        comm_hold(comm);
    return request;
}

int
request_free(struct request *request)
{
    int err = MPI_SUCCESS;
    if (unlikely(request->class && request->class->free))
        err = request->class->free(request);
    if (request->comm)
        comm_release(request->comm);
    if (request->type)
        type_release(request->type);
    if (request->buffered)
        free((void *)(uintptr_t)request->base);
    pool_free(HANDLE_REQUEST, request);
    return err;
}

void
request_done(struct request *request, int error)
{
    request->error = error;
    request->done = true;
    if (unlikely(request->parent)) {
        request->parent->class->child(request->parent, request);
        return;
    }
    engine_changed();
    if (request->orphan)
        request_free(request);
}

int
request_status(struct request *request, MPI_Status *status)
{
    MPI_Status ignored;
    if (unlikely(request->class && request->class->status))
        return request->class->status(request, status == MPI_STATUS_IGNORE ? &ignored : status);
    if (status == MPI_STATUS_IGNORE)
        return request->error;
    if (request->kind == REQUEST_RECV)
        status_set(status, request->rank, request->tag, request->size);
    else
        status_set(status, MPI_ANY_SOURCE, MPI_ANY_TAG, 0);
    status->MPI_internal[2] = request->cancelled;
    return request->error;
}

int
request_reported(struct request *request, MPI_Request *handle)
{
    if (unlikely(request->persistent)) {
        request->active = false;
        return MPI_SUCCESS;
    }
    *handle = MPI_REQUEST_NULL;
    return request_free(request);
}

void
request_give_up(struct request *request, MPI_Request *handle)
{
    if (request->class && request->class->abandon) {
        request->class->abandon(request);
    } else if (request->kind != REQUEST_OTHER) {
        message_abandon(request);
    } else {
        *handle = MPI_REQUEST_NULL;
        request->orphan = true;
        return;
    }
    request->done = true;
    request_reported(request, handle);
}
