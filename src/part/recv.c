// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "part/box.h"

#include "core/layout.h"

#include <stdlib.h>
#include <string.h>

/* The receiver's side: MPI_Precv_init and MPI_Parrived (MPI 5.0, 4.2.1 and 4.2.3). */

struct precv {
    struct parts parts;
    uint64_t room;            // bytes
    struct request *expected; // the offer, until it has come
    struct offer *offer;      // owned by the request above, or NULL
    struct offer theirs;
    struct request *pieces; // theirs.partitions of them; NULL until the offer has come
    int64_t *missing;       // of each own partition: pieces that have not come in this round, or
                            // bytes that come through the box
    struct box *box;        // of the sender's, or NULL
    uint64_t rounds;        // taken out of it
    uint64_t seen, before;  // ranges, in all and before this round
    int64_t taken;          // partitions, in this round
    struct request *request;
    struct task taking; // while a round comes through it
    bool takes;
};

#define AT_THE_END INT64_MAX // it has arrived when everything has

/* ---- pieces ---- */

static uint64_t
amount(const struct precv *r)
{
    uint64_t bytes;
    bool more = __builtin_mul_overflow(r->theirs.each, (uint64_t)r->theirs.partitions, &bytes);
    return more ? UINT64_MAX : bytes;
}

static int
difference(const struct precv *r)
{
    const struct parts *p = &r->parts;
    return error_new(MPI_ERR_TRUNCATE,
                     "rank %d sends %lld partitions of %llu bytes, but here is room for %d of %llu "
                     "bytes (tag %d)",
                     p->envelope.rank, (long long)r->theirs.partitions,
                     (unsigned long long)r->theirs.each, p->partitions,
                     (unsigned long long)p->envelope.size, p->envelope.tag);
}

/*
 * The sizes by which partitions of both sides overlap: their bytes, or, where they have none, such
 * that both sides have the same amount.
 */
struct sizes {
    int64_t own, theirs;
};

static struct sizes
sizes_of(const struct precv *r)
{
    if (r->theirs.each || r->parts.envelope.size)
        return (struct sizes){(int64_t)r->parts.envelope.size, (int64_t)r->theirs.each};
    return (struct sizes){r->theirs.partitions, r->parts.partitions};
}

// How many pieces each own partition waits for. The sender may send less than there is room for.
static void
count_missing(struct precv *r)
{
    struct sizes s = sizes_of(r);
    int64_t end = s.theirs * r->theirs.partitions;
    for (int64_t p = 0; p < r->parts.partitions; p++) {
        int64_t from = p * s.own, to = from + s.own;
        bool whole = to <= end && s.own;
        r->missing[p] = whole ? (to - 1) / s.theirs - from / s.theirs + 1 : AT_THE_END;
    }
}

static void
count_piece(struct precv *r, int64_t i)
{
    struct sizes s = sizes_of(r);
    if (!s.own || !s.theirs)
        return;
    int64_t from = i * s.theirs, last = (from + s.theirs - 1) / s.own;
    for (int64_t p = from / s.own; p <= last && p < r->parts.partitions; p++)
        if (r->missing[p] != AT_THE_END)
            r->missing[p]--;
}

// Where bytes [at, at + size) of the data belong, if a message can put them there.
static bool
piece_place(struct request *piece, const struct envelope *e, uint64_t at)
{
    const struct type *type = e->type;
    const char *base = e->buffer;
    uint64_t size = piece->size;
    if (type->contiguous) {
        piece->base = base + type->true_lb + at;
        piece->type = type_get(MPI_BYTE);
        piece->count = (MPI_Count)size;
        return true;
    }
    if (size % (uint64_t)type->size)
        return false;
    piece->base = base + (MPI_Count)(at / (uint64_t)type->size) * type->extent;
    piece->type = e->type;
    piece->count = (MPI_Count)(size / (uint64_t)type->size);
    return true;
}

// A piece that ends inside an element with holes comes into memory of its own.
static int
piece_aside(struct request *piece)
{
    if (!piece->of && !(piece->of = malloc(piece->size)))
        return error_new(MPI_ERR_NO_MEM, "no memory for a piece of %llu bytes",
                         (unsigned long long)piece->size);
    piece->base = piece->of;
    piece->type = type_get(MPI_BYTE);
    piece->count = (MPI_Count)piece->size;
    return MPI_SUCCESS;
}

static int
piece_post(struct request *request, int64_t i)
{
    struct precv *r = request->of;
    struct request *piece = &r->pieces[i];
    request_renew(piece);
    piece->kind = REQUEST_RECV;
    piece->done = false;
    piece->parent = request;
    piece->peer = NULL;
    piece->rank = r->parts.envelope.rank;
    piece->tag = (int)i;
    piece->context = r->theirs.context;
    // Of what does not fit the partitions here the data is dropped.
    piece->size = amount(r) > r->room ? 0 : r->theirs.each;
    uint64_t at = (uint64_t)i * piece->size;
    int err = MPI_SUCCESS;
    if (!piece->size) {
        piece->base = "";
        piece->type = type_get(MPI_BYTE);
        piece->count = 0;
    } else if (!piece_place(piece, &r->parts.envelope, at)) {
        err = piece_aside(piece);
    }
    if (!err)
        err = message_recv(piece);
    if (err) {
        piece->error = err;
        piece->done = true;
    }
    return err;
}

/* ---- through the box ---- */

static void
count_bytes(struct precv *r, int64_t from, int64_t to)
{
    int64_t own = (int64_t)r->parts.envelope.size;
    for (int64_t p = from / own; p < r->parts.partitions && p * own < to; p++) {
        int64_t start = from > p * own ? from : p * own, end = (p + 1) * own;
        if (r->missing[p] != AT_THE_END)
            r->missing[p] -= (to < end ? to : end) - start;
    }
}

// Partitions of the sender's that have come; of what does not fit here the data is dropped.
static void
range_take(struct precv *r, struct box_range range)
{
    const struct envelope *e = &r->parts.envelope;
    struct peer *peer = e->comm->peers[e->rank];
    uint64_t at = range.first * r->theirs.each, n = range.n * r->theirs.each;
    const char *data = (char *)r->box + box_head(r->theirs.partitions);
    r->taken += range.n;
    tally_add(&peer->traffic.received, 1);
    tally_add(&peer->traffic.received_bytes, n);
    if (r->parts.error)
        return;
    layout_unpack(e->type, (void *)(uintptr_t)e->buffer, e->count * r->parts.partitions, at,
                  data + at, n);
    count_bytes(r, (int64_t)at, (int64_t)(at + n));
}

static void
taking_stop(struct precv *r)
{
    if (r->takes)
        task_stop(&r->taking);
    r->takes = false;
}

static bool
taking_step(struct task *task)
{
    struct precv *r = container_of(task, struct precv, taking);
    struct peer *peer = r->parts.envelope.comm->peers[r->parts.envelope.rank];
    // acquire: pairs with the release in box_put.
    uint64_t put = atomic_load_explicit(&r->box->put, memory_order_acquire);
    if (put == r->seen)
        return false;
    for (; r->seen < put; r->seen++)
        range_take(r, r->box->ranges[r->seen - r->before]);
    if (r->taken < r->theirs.partitions)
        return true;
    taking_stop(r);
    // release: our loads are over; the sender may put in the next round.
    atomic_store_explicit(&r->box->rounds, ++r->rounds, memory_order_release);
    bell_notify(peer->segment, peer->block);
    request_done(r->request, r->parts.error);
    return true;
}

static void
take_round(struct precv *r, bool fits)
{
    int64_t own = (int64_t)r->parts.envelope.size, end = (int64_t)amount(r);
    for (int64_t p = 0; p < r->parts.partitions; p++)
        r->missing[p] = fits && own && (p + 1) * own <= end ? own : AT_THE_END;
    r->before = r->seen;
    r->taken = 0;
    r->takes = true;
    r->taking = (struct task){.step = taking_step};
    task_start(&r->taking);
}

/* ---- the request ---- */

// A round begins: both sides are known, and the receive is started.
static void
post_all(struct request *request)
{
    struct precv *r = request->of;
    int64_t theirs = r->theirs.partitions;
    bool fits = amount(r) <= r->room;
    r->parts.error = fits ? MPI_SUCCESS : difference(r);
    if (r->box) {
        take_round(r, fits);
        return;
    }
    r->parts.open = (uint64_t)theirs + 1;
    for (int p = 0; !fits && p < r->parts.partitions; p++)
        r->missing[p] = AT_THE_END;
    if (fits)
        count_missing(r);
    for (int64_t i = 0; i < theirs; i++)
        r->pieces[i].done = true; // until it is posted
    for (int64_t i = 0; i < theirs; i++) {
        int err = piece_post(request, i);
        if (err)
            part_ended(request, err);
    }
    part_ended(request, MPI_SUCCESS);
}

static void
piece_came(struct request *request, struct request *piece)
{
    struct precv *r = request->of;
    const struct envelope *e = &r->parts.envelope;
    int64_t i = piece - r->pieces;
    if (piece->of && !piece->error)
        layout_unpack(e->type, (void *)(uintptr_t)e->buffer, e->count * r->parts.partitions,
                      (uint64_t)i * r->theirs.each, piece->of, r->theirs.each);
    count_piece(r, i);
    part_ended(request, piece->error);
}

static int
no_memory(int64_t partitions)
{
    return error_new(MPI_ERR_NO_MEM, "no memory for %lld partitions", (long long)partitions);
}

// The offer has come.
static int
offer_take(struct precv *r)
{
    r->theirs = *r->offer;
    request_free(r->expected);
    r->expected = NULL;
    r->offer = NULL;
    if (r->theirs.box) {
        const struct envelope *e = &r->parts.envelope;
        r->box = segment_at(peer_get(e->comm->peers[e->rank])->segment, r->theirs.box);
        return MPI_SUCCESS;
    }
    r->pieces = calloc((size_t)r->theirs.partitions, sizeof *r->pieces);
    return r->pieces ? MPI_SUCCESS : no_memory(r->theirs.partitions);
}

static void
precv_child(struct request *request, struct request *child)
{
    struct precv *r = request->of;
    if (child != r->expected) {
        piece_came(request, child);
        return;
    }
    int err = offer_take(r);
    if (!request->active)
        return;
    if (err)
        request_done(request, err);
    else
        post_all(request);
}

static int
precv_start(struct request *request)
{
    struct precv *r = request->of;
    int err = engine_failed();
    if (err)
        return err;
    if (part_nowhere(&r->parts)) {
        request->error = MPI_SUCCESS;
        request->done = true;
        return MPI_SUCCESS;
    }
    bool known = r->pieces || r->box;
    if (!known && !r->expected)
        return no_memory(r->theirs.partitions);
    for (int p = 0; p < r->parts.partitions; p++)
        r->missing[p] = 1; // at least
    if (known)
        post_all(request);
    return MPI_SUCCESS;
}

static int
precv_status(struct request *request, MPI_Status *status)
{
    const struct precv *r = request->of;
    if (part_nowhere(&r->parts))
        status_proc_null(status);
    else
        status_set(status, r->parts.envelope.rank, r->parts.envelope.tag,
                   request->error ? 0 : amount(r));
    return request->error;
}

static void
precv_abandon(struct request *request)
{
    struct precv *r = request->of;
    taking_stop(r);
    for (int64_t i = 0; r->pieces && i < r->theirs.partitions; i++) {
        message_abandon(&r->pieces[i]);
        r->pieces[i].done = true;
    }
}

// An offer that has not come is still taken, so that those after it go where they belong.
static int
precv_free(struct request *request)
{
    struct precv *r = request->of;
    if (r->expected) {
        r->expected->parent = NULL;
        r->expected->orphan = true;
    }
    for (int64_t i = 0; r->pieces && i < r->theirs.partitions; i++)
        free(r->pieces[i].of);
    free(r->pieces);
    free(r->missing);
    free(r);
    return MPI_SUCCESS;
}

static const struct request_class precv_class = {.start = precv_start,
                                                 .status = precv_status,
                                                 .cancel = part_cancel,
                                                 .abandon = precv_abandon,
                                                 .child = precv_child,
                                                 .free = precv_free};

/* ---- MPI_Precv_init ---- */

static struct request *
precv_new(const struct envelope *e, int partitions)
{
    struct precv *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    struct request *request = NULL;
    if ((r->missing = calloc((size_t)partitions, sizeof *r->missing)))
        request = part_request(&precv_class, &r->parts, e, partitions);
    if ((r->request = request)) {
        r->room = e->size * (uint64_t)partitions;
        return request;
    }
    free(r->missing);
    free(r);
    return NULL;
}

static int
offer_expect(struct request *request)
{
    struct precv *r = request->of;
    struct internal from = part_offers(&r->parts.envelope, "MPI_Precv_init");
    if (!(r->offer = malloc(sizeof *r->offer)))
        return no_memory(r->parts.partitions);
    int err = internal_expect(&from, r->offer, sizeof *r->offer, &r->expected);
    if (err) {
        free(r->offer);
        return err;
    }
    r->expected->buffered = true; // it owns the memory
    r->expected->parent = request;
    return r->expected->done ? offer_take(r) : MPI_SUCCESS;
}

static int
precv_init(const struct envelope *e, int partitions, MPI_Request *handle)
{
    struct request *request = precv_new(e, partitions);
    if (!request)
        return no_memory(partitions);
    int err = e->rank == MPI_PROC_NULL ? MPI_SUCCESS : offer_expect(request);
    if (err)
        request_free(request);
    else
        *handle = request_handle(request);
    return err;
}

static int
no_wildcards(const struct envelope *e)
{
    if (e->rank == MPI_ANY_SOURCE)
        return error_new(MPI_ERR_RANK, "a partitioned receive cannot be from MPI_ANY_SOURCE");
    if (e->tag == MPI_ANY_TAG)
        return error_new(MPI_ERR_TAG, "a partitioned receive cannot be of MPI_ANY_TAG");
    return MPI_SUCCESS;
}

static int
precv_enter(const struct part_args *args, MPI_Request *request)
{
    struct envelope e;
    int err = engine_enter();
    if (likely(!err)) {
        err = recv_check(&args->p2p, &e);
        if (!err && !(err = no_wildcards(&e)) && !(err = check_pointer(request, "request")))
            err = part_check(args, &e);
        if (!err)
            err = precv_init(&e, args->partitions, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(args->p2p.comm, "MPI_Precv_init", err);
}

int
PMPI_Precv_init(void *buf, int partitions, int count, MPI_Datatype datatype, int source, int tag,
                MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct part_args args = {{buf, count, datatype, source, tag, comm}, partitions, info};
    return precv_enter(&args, request);
}
weak_alias(PMPI_Precv_init, MPI_Precv_init);

int
PMPI_Precv_init_c(void *buf, int partitions, MPI_Count count, MPI_Datatype datatype, int source,
                  int tag, MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    struct part_args args = {{buf, count, datatype, source, tag, comm}, partitions, info};
    return precv_enter(&args, request);
}
weak_alias(PMPI_Precv_init_c, MPI_Precv_init_c);

/* ---- MPI_Parrived ---- */

static int
precv_find(MPI_Request handle, struct request **request)
{
    *request = request_get(handle);
    if (unlikely(!*request))
        return handle_error(HANDLE_REQUEST, handle);
    if (unlikely((*request)->class != &precv_class))
        return error_new(MPI_ERR_REQUEST,
                         "the request is not that of a partitioned receive (MPI_Precv_init)");
    return MPI_SUCCESS;
}

// Of an inactive request everything has arrived.
static int
parrived(const struct request *request, int partition, int *flag)
{
    const struct precv *r = request->of;
    int err = part_find(&r->parts, partition);
    if (err)
        return err;
    if (!request->done && r->missing[partition])
        progress_poll();
    *flag = request->done || !r->missing[partition];
    return *flag ? MPI_SUCCESS : engine_failed();
}

int
PMPI_Parrived(MPI_Request request, int partition, int *flag)
{
    struct request *r = NULL;
    MPI_Comm comm = MPI_COMM_NULL;
    int err = engine_enter();
    if (likely(!err)) {
        err = precv_find(request, &r);
        if (r && r->comm)
            comm = r->comm->handle;
        if (likely(!err) && likely(!(err = check_pointer(flag, "flag"))))
            err = parrived(r, partition, flag);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Parrived", err);
}
weak_alias(PMPI_Parrived, MPI_Parrived);
