// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The short way of small collectives: contiguous data of one piece, few members, everything as it
 * should be. It does what an exchange (exchange.c) would do, without a struct call:
 *
 *     struct quick q;
 *     bool posted = false;
 *     if (small arguments && quick_begin(&q, comm, signature, bytes to give)) {
 *         copy them to q.data
 *         posted = quick_post(&q, bytes);
 *         if (quick_seen(&q, rank, bytes)) {
 *             take from quick_data(&q, rank, bytes)
 *             return quick_end(&q);
 *         }
 *     }
 *     return form_run(comm, plan, args, posted);
 *
 * Whatever is unusual (an error, a peer that is late, another size) is left to the general way,
 * which goes on after the posting. So what is looked at here must imply that
 * the arguments are right.
 */
#ifndef MUSTER_COLL_QUICK_H
#define MUSTER_COLL_QUICK_H

#include "coll/call.h"
#include "op/kernels.h"

// Looks at a peer's flag before the general way waits for it: about 2 us, more than a peer in step
// is behind.
#define QUICK_LOOKS 40

// So much of the next window is fetched while the peers arrive (bench/coll: 4 KiB 1.0 to 0.8 us).
#define PREFETCH 4096u

// A piece of an exchange among few members, lanes or not.
#define QUICK_MOST PIECE

struct quick {
    struct coll *coll;
    struct posting *own;
    uint64_t seq, flag;
    char *data;      // where what is given goes
    uint64_t window; // its offset; 0: it is in the posting
    uint64_t stride; // from lane to lane
};

/* A contiguous buffer of at most `most` bytes. */
struct small {
    char *data;
    uint64_t bytes;
};

static inline bool
small_buffer(struct small *s, const void *buffer, MPI_Count count, MPI_Datatype datatype,
             uint64_t most)
{
    const struct type *type = type_get(datatype);
    if (unlikely(!type || !type->contiguous || !type->committed || !buffer ||
                 buffer == MPI_IN_PLACE || (uint64_t)count > most || (uint64_t)type->size > most))
        return false;
    s->data = (char *)(uintptr_t)buffer + type->true_lb;
    s->bytes = (uint64_t)count * (uint64_t)type->size;
    return s->bytes <= most;
}

static inline bool
small_given(struct small *s, const struct given *given, uint64_t most)
{
    return small_buffer(s, given->base, given->count, given->type, most);
}

static inline bool
small_apart(const struct small *a, const struct small *b, uint64_t blocks_a, uint64_t blocks_b)
{
    return a->data + a->bytes * blocks_a <= b->data || b->data + b->bytes * blocks_b <= a->data;
}

static inline bool
quick_may(const struct coll *coll)
{
    if (unlikely(!coll || !coll->quick || engine_failed() ||
                 atomic_load_explicit(&coll->board->broken, memory_order_relaxed)))
        return false;
    return likely(coll->seq < coll->all_done + POSTINGS) ||
           coll_all_done((struct coll *)(uintptr_t)coll, coll->seq + 1 - POSTINGS);
}

// A failure here is met again by the general way.
static noinline_ bool
quick_window(struct quick *q, uint64_t size)
{
    struct coll *wait;
    if (window_take(q->coll, q->coll->seq + 1, size, &q->window, &wait) != MPI_SUCCESS)
        return false;
    q->data = segment_at(engine.seg, q->window);
    return true;
}

/* `bytes`: what this member gives; 0: nothing. */
static inline bool
quick_begin(struct quick *q, struct comm *comm, uint64_t signature, uint64_t bytes)
{
    struct coll *coll = comm->coll;
    if (unlikely(!quick_may(coll)))
        return false;
    q->coll = coll;
    q->window = 0;
    q->own = posting_of(coll, coll->rank, coll->seq + 1);
    q->data = (char *)q->own->data;
    if (bytes > POSTING_INLINE && !quick_window(q, bytes))
        return false;
    q->seq = coll_next(coll, signature);
    q->flag = coll->flag;
    q->own->signature = signature;
    return true;
}

/* `bytes`: of what each reader gets. */
static inline bool
quick_post(struct quick *q, uint64_t bytes)
{
    struct posting *own = q->own;
    if (q->window) {
        own->at = q->window;
        own->stride = q->stride;
        own->ring = 1;
        own->piece = QUICK_MOST;
        atomic_store_explicit(&own->filled, 1, memory_order_relaxed);
        atomic_store_explicit(&own->taken, 0, memory_order_relaxed);
    }
    posting_publish(own, q->seq, q->flag, bytes);
    coll_changed(q->coll);
    return true;
}

static inline bool
quick_seen(const struct quick *q, int rank, uint64_t bytes)
{
    const struct posting *p = posting_of(q->coll, rank, q->seq);
    uint32_t looks = engine.spins ? QUICK_LOOKS : 1;
    // acquire: pairs with the release in posting_publish.
    while (atomic_load_explicit(&p->flag, memory_order_acquire) != q->flag) {
        if (unlikely(--looks == 0))
            return false;
        cpu_relax();
    }
    return likely(p->bytes == bytes);
}

/* All members, from the one after this to the one before. */
static inline bool
quick_all_seen(const struct quick *q, uint64_t bytes)
{
    for (int i = 1; i < q->coll->size; i++) {
        int m = q->coll->rank + i;
        if (unlikely(!quick_seen(q, m < q->coll->size ? m : m - q->coll->size, bytes)))
            return false;
    }
    return true;
}

/* Where all post at the same time, to look at once would take a peer's line away just when it
 * writes it. */
static inline void
quick_pause(const struct quick *q, uint64_t bytes)
{
    if (q->window)
        window_prefetch(bytes < PREFETCH ? bytes : PREFETCH);
    else
        cpu_relax();
}

static inline const char *
quick_data(const struct quick *q, int rank, uint64_t bytes)
{
    const struct posting *p = posting_of(q->coll, rank, q->seq);
    return bytes <= POSTING_INLINE ? (const char *)p->data : segment_at(engine.seg, p->at);
}

static inline int
quick_end(const struct quick *q)
{
    coll_over(q->coll, q->seq);
    return MPI_SUCCESS;
}

/* What each member gives, one after the other. */
static inline void
quick_collect(const struct quick *q, const struct small *own, char *to)
{
    for (int m = 0; m < q->coll->size; m++, to += own->bytes)
        bytes_copy(to, m == q->coll->rank ? own->data : quick_data(q, m, own->bytes), own->bytes);
}

/* ---- lanes: something else for each reader ---- */

/* Bytes to give, with their stride in *stride. */
static inline uint64_t
quick_lanes(const struct comm *comm, uint64_t bytes, uint64_t *stride)
{
    uint64_t others = (uint64_t)comm->size - 1;
    *stride = bytes * others <= POSTING_INLINE ? bytes : align_up(bytes, CACHE_LINE);
    return *stride * others;
}

/* Lane i is for the member i + 1 after this. */
static inline void
quick_fill_lanes(const struct quick *q, const char *blocks, uint64_t bytes)
{
    char *lane = q->data;
    for (int i = 1; i < q->coll->size; i++, lane += q->stride) {
        int m = q->coll->rank + i;
        m = m < q->coll->size ? m : m - q->coll->size;
        bytes_copy(lane, blocks + (uint64_t)m * bytes, bytes);
    }
}

static inline const char *
quick_lane(const struct quick *q, int from, uint64_t all)
{
    int i = q->coll->rank - from - 1;
    return quick_data(q, from, all) + (uint64_t)(i < 0 ? i + q->coll->size : i) * q->stride;
}

/* ---- reductions ---- */

/* As signature_reduce, of what quick_kernel has accepted. */
static inline uint64_t
signature_quick(enum coll_kind kind, int root, MPI_Op op, MPI_Datatype type)
{
    return signature_reduce(kind, root, op_get(op), type_get(type));
}

/* The kernel of a predefined operation on a type without holes, or NULL. */
static inline op_kernel *
quick_kernel(MPI_Op handle, MPI_Datatype datatype)
{
    const struct op *op = op_get(handle);
    const struct type *type = type_get(datatype);
    return likely(op && op->predefined && type) ? op_kernel_find(op->code, type->basic) : NULL;
}

/* out = a[0] op a[1] op .. in rank order, where a[i] is what i has posted, or `own` for this
 * member: to read its own posting would cost a trip, for a peer that reads a line takes it away. */
static inline void
quick_reduce(const struct quick *q, op_kernel *kernel, const struct small *own, void *out, size_t n)
{
    int m = q->coll->size - 2, rank = q->coll->rank;
    const char *last = m + 1 == rank ? own->data : quick_data(q, m + 1, own->bytes);
    kernel(m == rank ? own->data : quick_data(q, m, own->bytes), last, out, n);
    while (--m >= 0)
        kernel(m == rank ? own->data : quick_data(q, m, own->bytes), out, out, n);
}

#endif
