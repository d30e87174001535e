// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "p2p/bsend.h"

#include "core/layout.h"

#include <stdlib.h>

struct bsend_buffer {
    uint32_t refs; // the owner, and each message
    void *address;
    uint64_t size;   // UINT64_MAX: as much as the messages need
    uint64_t used;   // bytes
    uint64_t count;  // messages in it
    uint64_t number; // of the next message
    struct flush *flushes;
};

/* What a message counts for, before its data. */
struct charge {
    struct bsend_buffer *buffer; // held
    uint64_t bytes;
    uint64_t number; // the how manieth of its buffer
    uint64_t unused; // the data is aligned as by malloc
};
static_assert(sizeof(struct charge) % 16 == 0, "data behind it is aligned");

/* A flush waits for the messages that were in the buffer when it began. */
struct flush {
    struct flush *next;
    struct request *request;
    uint64_t before; // their numbers are smaller
    uint64_t open;   // those that have not left
};

/* ---- the buffer ---- */

static void
buffer_release(struct bsend_buffer *buffer)
{
    if (--buffer->refs == 0)
        free(buffer);
}

int
bsend_attach(struct bsend_buffer **at, void *address, MPI_Count size)
{
    bool automatic = address == MPI_BUFFER_AUTOMATIC;
    if (!automatic && (size < 0 || (!address && size)))
        return error_new(MPI_ERR_BUFFER, "no buffer has the address %p and %lld bytes", address,
                         (long long)size);
    if (*at && (*at)->size == UINT64_MAX)
        return error_new(MPI_ERR_BUFFER, "automatic buffering (MPI_BUFFER_AUTOMATIC) is attached "
                                         "already");
    if (*at)
        return error_new(MPI_ERR_BUFFER, "a buffer of %llu bytes is attached already",
                         (unsigned long long)(*at)->size);
    struct bsend_buffer *buffer = malloc(sizeof *buffer);
    if (!buffer)
        return error_new(MPI_ERR_NO_MEM, "no memory to attach a buffer");
    *buffer = (struct bsend_buffer){
        .refs = 1, .address = address, .size = automatic ? UINT64_MAX : (uint64_t)size};
    *at = buffer;
    return MPI_SUCCESS;
}

void
bsend_drop(struct bsend_buffer **at)
{
    if (*at)
        buffer_release(*at);
    *at = NULL;
}

static struct bsend_buffer *
buffer_of(const struct comm *comm)
{
    return comm->buffer ? comm->buffer : engine.buffer;
}

static void
flush_end(struct bsend_buffer *buffer, struct flush **link)
{
    struct flush *flush = *link;
    struct request *request = flush->request;
    *link = flush->next;
    free(flush);
    buffer_release(buffer);
    request_done(request, MPI_SUCCESS);
}

static void
message_left(struct bsend_buffer *buffer, const struct charge *charge)
{
    buffer->used -= charge->bytes;
    buffer->count--;
    for (struct flush **link = &buffer->flushes; *link;) {
        if (charge->number < (*link)->before && --(*link)->open == 0)
            flush_end(buffer, link);
        else
            link = &(*link)->next;
    }
}

/* ---- sending ---- */

static bool
has_room(const struct bsend_buffer *buffer, uint64_t bytes)
{
    return buffer->size == UINT64_MAX ||
           (bytes <= buffer->size && buffer->used <= buffer->size - bytes);
}

static int
find_room(const struct bsend_buffer *buffer, const struct envelope *e, uint64_t bytes)
{
    if (!buffer)
        return error_new(MPI_ERR_BUFFER,
                         "no buffer is attached for a message of %llu bytes (MPI_Buffer_attach, "
                         "MPI_Comm_attach_buffer)",
                         (unsigned long long)e->size);
    if (has_room(buffer, bytes) || (progress_poll() && has_room(buffer, bytes)))
        return MPI_SUCCESS;
    return error_new(MPI_ERR_BUFFER,
                     "a message of %llu bytes needs %llu with its overhead, but of the attached "
                     "buffer of %llu bytes %llu are in use",
                     (unsigned long long)e->size, (unsigned long long)bytes,
                     (unsigned long long)buffer->size, (unsigned long long)buffer->used);
}

static int
buffered_free(struct request *request)
{
    struct charge *charge = request->of;
    message_left(charge->buffer, charge);
    buffer_release(charge->buffer);
    free(charge);
    return MPI_SUCCESS;
}

static const struct request_class buffered_class = {.free = buffered_free};

static void
charge_fill(struct charge *charge, struct bsend_buffer *buffer, uint64_t bytes)
{
    *charge = (struct charge){.buffer = buffer, .bytes = bytes, .number = buffer->number++};
    buffer->refs++;
    buffer->used += bytes;
    buffer->count++;
}

static void
buffered_fill(struct request *send, const struct envelope *e, struct charge *charge)
{
    send_fill(send, e, false);
    send->class = &buffered_class;
    send->of = charge;
    send->base = charge + 1;
    send->type = type_get(MPI_BYTE);
    type_hold(send->type);
    send->count = (MPI_Count)e->size;
    comm_hold(send->comm = e->comm);
    send->orphan = true;
}

int
bsend_start(const struct envelope *e, struct request *parent, struct request **message)
{
    uint64_t bytes = e->size + MPI_BSEND_OVERHEAD;
    *message = NULL;
    if (e->rank == MPI_PROC_NULL)
        return MPI_SUCCESS;
    struct bsend_buffer *buffer = buffer_of(e->comm);
    int err = find_room(buffer, e, bytes);
    if (err)
        return err;
    struct charge *charge = malloc(sizeof *charge + e->size);
    struct request *send = charge ? request_alloc(REQUEST_SEND) : NULL;
    if (!send) {
        free(charge);
        return error_new(MPI_ERR_NO_MEM, "no memory for a message of %llu bytes",
                         (unsigned long long)e->size);
    }
    charge_fill(charge, buffer, bytes);
    layout_pack(e->type, e->buffer, e->count, 0, charge + 1, e->size);
    buffered_fill(send, e, charge);
    send->parent = parent;
    *message = send; // before it may be done
    message_send(send);
    return MPI_SUCCESS;
}

static int
bsend(const struct p2p_args *args)
{
    struct envelope e;
    struct request *message;
    int err = engine_enter();
    if (likely(!err)) {
        err = send_check(args, &e);
        if (likely(!err))
            err = bsend_start(&e, NULL, &message);
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

/* ---- MPI_Ibsend: over at once; what it has started may be cancelled while it has not left ---- */

static struct request **
message_of(struct request *request)
{
    return (struct request **)&request->of;
}

static void
ibsend_left(struct request *request, struct request *message)
{
    request->of = NULL;
    request_free(message);
}

static int
ibsend_cancel(struct request *request)
{
    struct request *message = *message_of(request);
    if (message && message_withdraw(message)) {
        request->cancelled = true;
        ibsend_left(request, message);
    }
    return MPI_SUCCESS;
}

static int
ibsend_free(struct request *request)
{
    struct request *message = *message_of(request);
    if (message)
        message->parent = NULL;
    return MPI_SUCCESS;
}

static const struct request_class ibsend_class = {
    .child = ibsend_left, .cancel = ibsend_cancel, .free = ibsend_free};

static int
ibsend_begin(const struct envelope *e, MPI_Request *handle)
{
    struct request *request = request_of_class(&ibsend_class, NULL, e->comm);
    if (!request)
        return error_new(MPI_ERR_NO_MEM, "no memory for a request");
    request->done = true;
    int err = bsend_start(e, request, message_of(request));
    if (err)
        request_free(request);
    else
        *handle = request_handle(request);
    return err;
}

static int
ibsend(const struct p2p_args *args, MPI_Request *request)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = request ? send_check(args, &e) : null_error("request");
        if (likely(!err))
            err = ibsend_begin(&e, request);
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

/* ---- flushing and detaching ---- */

static const struct request_class flush_class = {0};

// A request that is done when the messages in the buffer now have left; NULL without memory.
static struct request *
flush_start(struct bsend_buffer *buffer)
{
    struct request *request = request_of_class(&flush_class, NULL, NULL);
    bool wait = request && buffer && buffer->count;
    struct flush *flush = wait ? malloc(sizeof *flush) : NULL;
    if (wait && !flush) {
        request_free(request);
        return NULL;
    }
    if (!flush) {
        if (request)
            request->done = true;
        return request;
    }
    *flush = (struct flush){.next = buffer->flushes,
                            .request = request,
                            .before = buffer->number,
                            .open = buffer->count};
    buffer->flushes = flush;
    buffer->refs++;
    return request;
}

static int
no_memory(void)
{
    return error_new(MPI_ERR_NO_MEM, "no memory for a request");
}

int
bsend_flush(struct bsend_buffer *buffer, const char *op)
{
    struct request *request = flush_start(buffer);
    if (!request)
        return no_memory();
    int err = request->done ? MPI_SUCCESS : request_await(request, op);
    if (request->done)
        request_free(request);
    else
        request->orphan = true;
    return err;
}

int
bsend_iflush(struct bsend_buffer *buffer, MPI_Request *handle)
{
    struct request *request = flush_start(buffer);
    if (!request)
        return no_memory();
    *handle = request_handle(request);
    return MPI_SUCCESS;
}

int
bsend_detach(struct bsend_buffer **at, void **buffer, MPI_Count *size, const char *op)
{
    int err = MPI_SUCCESS;
    // Another thread may send more meanwhile, or detach the buffer itself.
    while (*at && (*at)->count)
        if ((err = bsend_flush(*at, op)))
            return err;
    *buffer = *at ? (*at)->address : NULL;
    *size = *at && (*at)->size != UINT64_MAX ? (MPI_Count)(*at)->size : 0;
    bsend_drop(at);
    return MPI_SUCCESS;
}
