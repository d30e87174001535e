// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

#include "core/layout.h"

int
request_await(struct request *request, const char *op)
{
    struct wait wait = {.op = op,
                        .peer = request->kind == REQUEST_SEND ? request->dest : request->rank,
                        .tag = request->tag,
                        .context = request->context};
    int err = MPI_SUCCESS;
    while (!request->done && !(err = engine_wait(&wait)))
        ;
    wait_end(&wait);
    if (unlikely(err && request->done))
        err = MPI_SUCCESS;
    return err;
}

// Another thread may free the datatype meanwhile.
int
request_run(struct request *request, const char *op)
{
    struct type *type = request->type;
    if (likely(request->done))
        return MPI_SUCCESS;
    type_hold(type);
    int err = request_await(request, op);
    if (unlikely(err))
        message_abandon(request);
    type_release(type);
    return err;
}

void
send_fill(struct request *send, const struct envelope *e, bool sync)
{
    send->kind = REQUEST_SEND;
    send->sync = sync;
    send->type = e->type;
    send->base = e->buffer;
    send->count = e->count;
    send->size = e->size;
    send->peer = peer_get(e->comm->peers[e->rank]);
    send->rank = e->comm->rank;
    send->dest = e->rank;
    send->tag = e->tag;
    send->context = e->comm->context;
}

void
recv_fill(struct request *recv, const struct envelope *e)
{
    recv->kind = REQUEST_RECV;
    recv->type = e->type;
    recv->base = e->buffer;
    recv->count = e->count;
    recv->size = e->size;
    recv->rank = e->rank;
    recv->tag = e->tag;
    recv->context = e->comm->context;
}

struct envelope
envelope_pack(const struct envelope *e, void *data)
{
    struct envelope packed = *e;
    layout_pack(e->type, e->buffer, e->count, 0, data, e->size);
    packed.buffer = data;
    packed.type = type_get(MPI_BYTE);
    packed.count = (MPI_Count)e->size;
    return packed;
}

static noinline_ int
send_wait(const struct envelope *e, bool sync, const char *op)
{
    struct request send = {.on_stack = true};
    send_fill(&send, e, sync);
    message_send(&send);
    int err = request_run(&send, op);
    return err ? err : send.error;
}

int
send_run(const struct envelope *e, enum send_mode mode, const char *op)
{
    if (unlikely(e->rank == MPI_PROC_NULL))
        return MPI_SUCCESS;
    if (likely(mode != SEND_SYNC) && send_inline_try(e))
        return MPI_SUCCESS;
    return send_wait(e, mode == SEND_SYNC, op);
}

int
recv_run(const struct envelope *e, MPI_Status *status, const char *op)
{
    if (unlikely(e->rank == MPI_PROC_NULL)) {
        status_proc_null(status);
        return MPI_SUCCESS;
    }
    struct request recv = {.on_stack = true};
    recv_fill(&recv, e);
    int err = message_recv(&recv);
    if (unlikely(err))
        return err;
    err = request_run(&recv, op);
    if (unlikely(err))
        return err;
    status_set(status, recv.rank, recv.tag, recv.size);
    return recv.error;
}

int
request_over(enum request_kind kind, MPI_Request *request)
{
    struct request *r = request_alloc(kind);
    if (!r)
        return error_new(MPI_ERR_NO_MEM, "no memory for a request");
    r->rank = MPI_PROC_NULL;
    r->tag = MPI_ANY_TAG;
    r->done = true;
    *request = request_handle(r);
    return MPI_SUCCESS;
}

int
send_begin(const struct envelope *e, enum send_mode mode, MPI_Request *request)
{
    if (unlikely(e->rank == MPI_PROC_NULL))
        return request_over(REQUEST_SEND, request);
    struct request *send = request_alloc(REQUEST_SEND);
    if (unlikely(!send))
        return error_new(MPI_ERR_NO_MEM, "no memory for a request");
    send_fill(send, e, mode == SEND_SYNC);
    comm_hold(send->comm = e->comm);
    type_hold(send->type);
    message_send(send);
    *request = request_handle(send);
    return MPI_SUCCESS;
}

int
recv_begin(const struct envelope *e, MPI_Request *request)
{
    if (unlikely(e->rank == MPI_PROC_NULL))
        return request_over(REQUEST_RECV, request);
    struct request *recv = request_alloc(REQUEST_RECV);
    if (unlikely(!recv))
        return error_new(MPI_ERR_NO_MEM, "no memory for a request");
    recv_fill(recv, e);
    comm_hold(recv->comm = e->comm);
    type_hold(recv->type);
    int err = message_recv(recv);
    if (unlikely(err)) {
        request_free(recv);
        return err;
    }
    *request = request_handle(recv);
    return MPI_SUCCESS;
}
