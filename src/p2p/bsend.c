// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/p2p.h"

#include "core/layout.h"

#include <limits.h>
#include <stdlib.h>

/*
 * Buffered sends (MPI 5.0, 3.6). The data is copied into memory of the engine's own and goes on
 * without the caller; what the attached buffer would hold, with MPI_BSEND_OVERHEAD for each
 * message, is counted, so that a program that attached too little learns it as it would elsewhere.
 */

static int
bsend_room(const struct envelope *e, uint64_t *charge)
{
    *charge = e->size + MPI_BSEND_OVERHEAD;
    if (engine.buffer_used + *charge <= engine.buffer_size)
        return MPI_SUCCESS;
    progress_poll();
    if (engine.buffer_used + *charge <= engine.buffer_size)
        return MPI_SUCCESS;
    return error_new(MPI_ERR_BUFFER,
                     "a message of %llu bytes needs %llu with its overhead, but of the attached "
                     "buffer of %llu bytes %llu are in use (MPI_Buffer_attach)",
                     (unsigned long long)e->size, (unsigned long long)*charge,
                     (unsigned long long)engine.buffer_size,
                     (unsigned long long)engine.buffer_used);
}

static int
bsend_run(const struct envelope *e)
{
    uint64_t charge;
    if (e->rank == MPI_PROC_NULL)
        return MPI_SUCCESS;
    int err = bsend_room(e, &charge);
    if (err)
        return err;
    struct request *send = request_alloc(REQUEST_SEND);
    char *data = send ? malloc(e->size ? e->size : 1) : NULL;
    if (!data) {
        if (send)
            request_free(send);
        return error_new(MPI_ERR_NO_MEM, "no memory for a message of %llu bytes",
                         (unsigned long long)e->size);
    }
    layout_pack(e->type, e->buffer, e->count, 0, data, e->size);
    send_fill(send, e, false);
    send->base = data;
    send->type = type_get(MPI_BYTE);
    type_hold(send->type);
    send->count = (MPI_Count)e->size;
    comm_hold(send->comm = e->comm);
    send->buffered = send->orphan = true;
    send->charged = charge;
    engine.buffer_used += charge;
    message_send(send);
    return MPI_SUCCESS;
}

static int
bsend_begin(const struct envelope *e, MPI_Request *request)
{
    int err = bsend_run(e);
    return err ? err : request_over(REQUEST_SEND, request);
}

static int
bsend(const struct p2p_args *args)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = send_check(args, &e);
        if (likely(!err))
            err = bsend_run(&e);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Bsend", err);
}

int
PMPI_Bsend(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return bsend(&args);
}
weak_alias(PMPI_Bsend, MPI_Bsend);

int
PMPI_Bsend_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
             MPI_Comm comm)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return bsend(&args);
}
weak_alias(PMPI_Bsend_c, MPI_Bsend_c);

static int
ibsend(const struct p2p_args *args, MPI_Request *request)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = request ? send_check(args, &e) : null_error("request");
        if (likely(!err))
            err = bsend_begin(&e, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->comm, "MPI_Ibsend", err);
}

int
PMPI_Ibsend(const void *buf, int count, MPI_Datatype datatype, int dest, int tag, MPI_Comm comm,
            MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return ibsend(&args, request);
}
weak_alias(PMPI_Ibsend, MPI_Ibsend);

int
PMPI_Ibsend_c(const void *buf, MPI_Count count, MPI_Datatype datatype, int dest, int tag,
              MPI_Comm comm, MPI_Request *request)
{
    struct p2p_args args = {buf, count, datatype, dest, tag, comm};
    return ibsend(&args, request);
}
weak_alias(PMPI_Ibsend_c, MPI_Ibsend_c);

static int
buffer_attach(void *buffer, MPI_Count size)
{
    if (size < 0 || (!buffer && size))
        return error_new(MPI_ERR_BUFFER, "no buffer has the address %p and %lld bytes", buffer,
                         (long long)size);
    if (buffer == MPI_BUFFER_AUTOMATIC)
        size = INT64_MAX; // 3.6.1: as much as the messages need
    if (engine.buffer)
        return error_new(MPI_ERR_BUFFER, "a buffer of %llu bytes is attached already",
                         (unsigned long long)engine.buffer_size);
    engine.buffer = buffer;
    engine.buffer_size = (uint64_t)size;
    return MPI_SUCCESS;
}

static int
attach(void *buffer, MPI_Count size)
{
    int err = engine_enter();
    if (!err) {
        err = buffer_attach(buffer, size);
        engine_leave();
    }
    return err ? world_raise("MPI_Buffer_attach", err) : MPI_SUCCESS;
}

int
PMPI_Buffer_attach(void *buffer, int size)
{
    return attach(buffer, size);
}
weak_alias(PMPI_Buffer_attach, MPI_Buffer_attach);

int
PMPI_Buffer_attach_c(void *buffer, MPI_Count size)
{
    return attach(buffer, size);
}
weak_alias(PMPI_Buffer_attach_c, MPI_Buffer_attach_c);

// Detaching waits until every buffered message has left (3.6).
static int
buffer_drain(void)
{
    struct wait wait = {.op = "MPI_Buffer_detach", .peer = MPI_ANY_SOURCE, .tag = MPI_ANY_TAG};
    int err = MPI_SUCCESS;
    while (engine.buffer_used && !(err = engine_wait(&wait)))
        ;
    wait_end(&wait);
    return err;
}

static int
detach(void *buffer_addr, MPI_Count *size)
{
    int err = engine_enter();
    if (!err) {
        err = buffer_drain();
        if (!err) {
            *(void **)buffer_addr = engine.buffer;
            *size = engine.buffer == MPI_BUFFER_AUTOMATIC ? 0 : (MPI_Count)engine.buffer_size;
            engine.buffer = NULL;
            engine.buffer_size = 0;
        }
        engine_leave();
    }
    return err ? world_raise("MPI_Buffer_detach", err) : MPI_SUCCESS;
}

int
PMPI_Buffer_detach(void *buffer_addr, int *size)
{
    MPI_Count n;
    if (!buffer_addr || !size)
        return world_raise("MPI_Buffer_detach", null_error("buffer_addr or size"));
    int err = detach(buffer_addr, &n);
    if (!err)
        *size = n > INT_MAX ? MPI_UNDEFINED : (int)n;
    return err;
}
weak_alias(PMPI_Buffer_detach, MPI_Buffer_detach);

int
PMPI_Buffer_detach_c(void *buffer_addr, MPI_Count *size)
{
    if (!buffer_addr || !size)
        return world_raise("MPI_Buffer_detach", null_error("buffer_addr or size"));
    return detach(buffer_addr, size);
}
weak_alias(PMPI_Buffer_detach_c, MPI_Buffer_detach_c);
