// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "part/box.h"

#include "comm/comm.h"
#include "core/layout.h"

#include <stdlib.h>
#include <string.h>

/* The sender's side: MPI_Psend_init and MPI_Pready (MPI 5.0, 4.2.1 and 4.2.2). */

struct psend {
    struct parts parts;
    uint64_t context;
    uint8_t *ready;         // of each partition, in this round: enum
    struct request **sends; // of each partition: its message under way, or NULL; no box
    struct box *box;        // or NULL
    uint64_t round;         // the one under way, from 1
    uint64_t put, before;   // ranges put into the box, before this round
    struct request *request;
    struct task opening; // until the receiver has taken the round before
    bool waits;          // it is under way
};

enum { NOT_READY, READY, HELD };

/* ---- the request ---- */

static int
psend_start(struct request *request)
{
    struct psend *s = request->of;
    int err = engine_failed();
    if (err)
        return err;
    memset(s->ready, NOT_READY, (size_t)s->parts.partitions);
    s->round++;
    s->before = s->put;
    s->parts.error = MPI_SUCCESS;
    s->parts.open = (uint64_t)s->parts.partitions;
    if (part_nowhere(&s->parts)) {
        request->error = MPI_SUCCESS;
        request->done = true;
    }
    return MPI_SUCCESS;
}

static void
psend_child(struct request *request, struct request *send)
{
    struct psend *s = request->of;
    int err = send->error;
    s->sends[send->tag] = NULL;
    request_free(send);
    part_ended(request, err);
}

static void
psend_abandon(struct request *request)
{
    struct psend *s = request->of;
    if (s->waits)
        task_stop(&s->opening);
    s->waits = false;
    for (int i = 0; s->sends && i < s->parts.partitions; i++) {
        struct request *send = s->sends[i];
        if (!send)
            continue;
        message_abandon(send);
        request_free(send);
        s->sends[i] = NULL;
    }
}

static int
psend_free(struct request *request)
{
    struct psend *s = request->of;
    if (s->box)
        box_leave(s->box, s->round);
    free(s->ready);
    free(s->sends);
    free(s);
    return MPI_SUCCESS;
}

static const struct request_class psend_class = {.start = psend_start,
                                                 .cancel = part_cancel,
                                                 .abandon = psend_abandon,
                                                 .child = psend_child,
                                                 .free = psend_free};

/* ---- MPI_Psend_init ---- */

static int
no_memory(int partitions)
{
    return error_new(MPI_ERR_NO_MEM, "no memory for a request of %d partitions", partitions);
}

static struct request *
psend_new(const struct envelope *e, int partitions)
{
    struct psend *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->ready = malloc((size_t)partitions);
    s->box = e->rank == MPI_PROC_NULL ? NULL : box_new(e, partitions);
    if (!s->box)
        s->sends = calloc((size_t)partitions, sizeof(struct request *));
    struct request *request = NULL;
    if (s->ready && (s->box || s->sends))
        request = part_request(&psend_class, &s->parts, e, partitions);
    if ((s->request = request))
        return request;
    if (s->box)
        box_leave(s->box, 0);
    free(s->ready);
    free(s->sends);
    free(s);
    return NULL;
}

static int
psend_init(const struct envelope *e, int partitions, MPI_Request *handle)
{
    struct request *request = psend_new(e, partitions);
    if (!request)
        return no_memory(partitions);
    struct psend *s = request->of;
    int err = MPI_SUCCESS;
    if (!part_nowhere(&s->parts)) {
        struct internal to = part_offers(e, "MPI_Psend_init");
        struct offer offer = {s->context = contexts_take(1), e->size, partitions,
                              box_offset(s->box)};
        err = internal_post(&to, &offer, sizeof offer);
    }
    if (err)
        request_free(request);
    else
        *handle = request_handle(request);
    return err;
}

static int
psend_enter(const struct part_args *args, MPI_Request *request)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = send_check(&args->p2p, &e);
        if (!err && !(err = check_pointer(request, "request")))
            err = part_check(args, &e);
        if (!err)
            err = psend_init(&e, args->partitions, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->p2p.comm, "MPI_Psend_init", err);
}

int
PMPI_Psend_init(const void *buf, int partitions, int count, MPI_Datatype datatype, int dest,
                int tag, MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct part_args args = {{buf, count, datatype, dest, tag, comm}, partitions, info};
    return psend_enter(&args, request);
}
weak_alias(PMPI_Psend_init, MPI_Psend_init);

int
PMPI_Psend_init_c(const void *buf, int partitions, MPI_Count count, MPI_Datatype datatype, int dest,
                  int tag, MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct part_args args = {{buf, count, datatype, dest, tag, comm}, partitions, info};
    return psend_enter(&args, request);
}
weak_alias(PMPI_Psend_init_c, MPI_Psend_init_c);

/* ---- MPI_Pready ---- */

static const void *
address_of(const struct envelope *e, int partition)
{
    return (const char *)e->buffer + (MPI_Count)partition * e->count * e->type->extent;
}

/* ---- through the box ---- */

// acquire: the receiver's loads of the round before are over; pairs with its release.
static bool
box_is_open(const struct psend *s)
{
    return atomic_load_explicit(&s->box->rounds, memory_order_acquire) + 1 >= s->round;
}

static void
box_put(struct request *request, int64_t first, int64_t n)
{
    struct psend *s = request->of;
    const struct envelope *e = &s->parts.envelope;
    struct peer *peer = e->comm->peers[e->rank];
    uint64_t at = (uint64_t)first * e->size, bytes = (uint64_t)n * e->size;
    char *data = (char *)s->box + box_head(s->parts.partitions);
    layout_pack(e->type, e->buffer, e->count * s->parts.partitions, at, data + at, bytes);
    memset(s->ready + first, READY, (size_t)n);
    s->box->ranges[s->put - s->before] = (struct box_range){(uint32_t)first, (uint32_t)n};
    tally_add(&peer->traffic.sent, 1);
    tally_add(&peer->traffic.sent_bytes, bytes);
    // release: pairs with the acquire in box_step; the range and its data.
    atomic_store_explicit(&s->box->put, ++s->put, memory_order_release);
    bell_notify(peer->segment, peer->block);
    if ((s->parts.open -= (uint64_t)n) == 0)
        request_done(request, s->parts.error);
}

// The receiver has taken the round before: what was held back goes, those that follow each other
// together.
static bool
opening_step(struct task *task)
{
    struct psend *s = container_of(task, struct psend, opening);
    uint64_t open = s->parts.open; // after the last of them the request may be gone
    if (!box_is_open(s))
        return false;
    task_stop(task);
    s->waits = false;
    for (int64_t i = 0, end; open && i < s->parts.partitions; i = end) {
        for (end = i; end < s->parts.partitions && s->ready[end] == HELD; end++)
            ;
        open -= (uint64_t)(end - i);
        if (end > i)
            box_put(s->request, i, end - i);
        else
            end = i + 1;
    }
    return true;
}

static noinline_ void
box_hold(struct psend *s, int64_t first, int64_t n)
{
    memset(s->ready + first, HELD, (size_t)n);
    if (s->waits)
        return;
    s->waits = true;
    s->opening = (struct task){.step = opening_step};
    task_start(&s->opening);
}

static void
send_boxed(struct request *request, int64_t first, int64_t n)
{
    struct psend *s = request->of;
    if (likely(box_is_open(s)))
        box_put(request, first, n);
    else
        box_hold(s, first, n);
}

/* ---- as messages ---- */

static noinline_ int
send_started(struct request *request, int partition)
{
    struct psend *s = request->of;
    const struct envelope *e = &s->parts.envelope;
    struct request *send = request_alloc(REQUEST_SEND);
    if (!send)
        return error_new(MPI_ERR_NO_MEM, "no memory to send partition %d", partition);
    send_fill(send, e, false);
    send->parent = request;
    send->base = address_of(e, partition);
    send->tag = partition;
    send->context = s->context;
    type_hold(send->type);
    s->ready[partition] = READY;
    s->sends[partition] = send;
    message_send(send);
    return MPI_SUCCESS;
}

static int
send_partition(struct request *request, int partition)
{
    struct psend *s = request->of;
    const struct envelope *e = &s->parts.envelope;
    if (unlikely(part_nowhere(&s->parts))) {
        s->ready[partition] = READY;
        return MPI_SUCCESS;
    }
    if (likely(s->box)) {
        send_boxed(request, partition, 1);
        return MPI_SUCCESS;
    }
    struct peer *peer = e->comm->peers[e->rank];
    if (e->size > SLOT_INLINE || !e->type->contiguous || !peer->other ||
        !message_send_inline(peer, s->context, e->comm->rank, partition,
                             (const char *)address_of(e, partition) + e->type->true_lb, e->size))
        return send_started(request, partition);
    s->ready[partition] = READY;
    part_ended(request, MPI_SUCCESS);
    return MPI_SUCCESS;
}

static int
psend_find(MPI_Request handle, struct request **request)
{
    *request = request_get(handle);
    if (unlikely(!*request))
        return handle_error(HANDLE_REQUEST, handle);
    if (unlikely((*request)->class != &psend_class))
        return error_new(MPI_ERR_REQUEST,
                         "the request is not that of a partitioned send (MPI_Psend_init)");
    if (unlikely(!(*request)->active))
        return error_new(MPI_ERR_REQUEST, "the partitioned send is not active (MPI_Start)");
    return engine_failed();
}

static int
check_partition(const struct psend *s, int partition)
{
    int err = part_find(&s->parts, partition);
    if (likely(!err && !s->ready[partition]))
        return MPI_SUCCESS;
    return err ? err
               : error_new(MPI_ERR_ARG, "partition %d has been marked ready already", partition);
}

/* Partitions from `low` to `high`, or those of a list of `high` + 1. */
struct choice {
    int low, high;
    const int *list;
};

static int
choice_at(const struct choice *c, int i)
{
    return c->list ? c->list[i] : i;
}

// All or, where an argument is wrong, none; but a partition that a list holds twice is found when
// it is come to.
static int
pready(struct request *request, const struct choice *c)
{
    struct psend *s = request->of;
    int err = MPI_SUCCESS;
    for (int64_t i = c->low; i <= c->high && !err; i++)
        err = check_partition(s, choice_at(c, (int)i));
    if (s->box && !c->list && !err) {
        send_boxed(request, c->low, (int64_t)c->high - c->low + 1);
        return MPI_SUCCESS;
    }
    for (int64_t i = c->low; i <= c->high && !err; i++) {
        int partition = choice_at(c, (int)i);
        if (c->list)
            err = check_partition(s, partition);
        if (!err)
            err = send_partition(request, partition);
    }
    return err;
}

static int
pready_enter(MPI_Request handle, const struct choice *choice, int wrong, const char *name)
{
    struct request *request = NULL;
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = psend_find(handle, &request);
        if (request && request->comm)
            comm = request->comm->handle;
        if (likely(!err) && likely(!(err = wrong)))
            err = pready(request, choice);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, name, err);
}

int
PMPI_Pready(int partition, MPI_Request request)
{
    struct choice one = {partition, partition, NULL};
    return pready_enter(request, &one, MPI_SUCCESS, "MPI_Pready");
}
weak_alias(PMPI_Pready, MPI_Pready);

int
PMPI_Pready_range(int partition_low, int partition_high, MPI_Request request)
{
    struct choice range = {partition_low, partition_high, NULL};
    int wrong = MPI_SUCCESS;
    if (unlikely(partition_low > partition_high))
        wrong = error_new(MPI_ERR_ARG, "the range of partitions %d..%d is empty", partition_low,
                          partition_high);
    return pready_enter(request, &range, wrong, "MPI_Pready_range");
}
weak_alias(PMPI_Pready_range, MPI_Pready_range);

int
PMPI_Pready_list(int length, const int array_of_partitions[], MPI_Request request)
{
    struct choice list = {0, length - 1, array_of_partitions};
    int wrong = check_count(length, "length");
    if (!wrong && length)
        wrong = check_pointer(array_of_partitions, "array_of_partitions");
    return pready_enter(request, &list, wrong, "MPI_Pready_list");
}
weak_alias(PMPI_Pready_list, MPI_Pready_list);
