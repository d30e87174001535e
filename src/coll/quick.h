// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The short way of small collectives: contiguous data that fit the postings, few members, everything
 * as it should be. It does what an exchange (exchange.c) would do, without a struct call:
 *
 *     struct quick q;
 *     bool posted = false;
 *     if (small arguments && quick_begin(&q, comm, signature)) {
 *         copy what is given into q.own->data
 *         posted = quick_post(&q, bytes);
 *         if (quick_seen(&q, rank, bytes)) {
 *             take from quick_data(&q, rank)
 *             return quick_end(&q);
 *         }
 *     }
 *     return x_any(comm, args, posted);
 *
 * Whatever is unusual (an error, a peer that is late, another size) is left to the general way, which
 * goes on after the posting. So what is looked at here must imply that the arguments are right.
 */
#ifndef MUSTER_COLL_QUICK_H
#define MUSTER_COLL_QUICK_H

#include "coll/call.h"
#include "op/kernels.h"

// Looks at a peer's flag before the general way waits for it: about 2 us, more than a peer in step
// is behind.
#define QUICK_LOOKS 40

struct quick {
    struct coll *coll;
    struct posting *own;
    uint64_t seq, flag;
};

/* A buffer that fits a posting. */
struct small {
    char *data;
    uint64_t bytes;
};

static inline bool
small_buffer(struct small *s, const void *buffer, MPI_Count count, MPI_Datatype datatype)
{
    const struct type *type = type_get(datatype);
    if (unlikely(!type || !type->contiguous || !type->committed || !buffer ||
                 buffer == MPI_IN_PLACE || (uint64_t)count > POSTING_INLINE ||
                 (uint64_t)type->size > POSTING_INLINE))
        return false;
    s->data = (char *)(uintptr_t)buffer + type->true_lb;
    s->bytes = (uint64_t)count * (uint64_t)type->size;
    return s->bytes <= POSTING_INLINE;
}

static inline bool
small_apart(const struct small *a, const struct small *b, uint64_t blocks_a, uint64_t blocks_b)
{
    return a->data + a->bytes * blocks_a <= b->data || b->data + b->bytes * blocks_b <= a->data;
}

static inline void
small_copy(void *to, const void *from, uint64_t n)
{
    if (likely(n == 8))
        memcpy(to, from, 8);
    else
        memcpy(to, from, n);
}

static inline bool
quick_begin(struct quick *q, struct comm *comm, uint64_t signature)
{
    struct coll *coll = comm->coll;
    if (unlikely(!coll || !coll->quick || engine_failed() ||
                 atomic_load_explicit(&coll->board->broken, memory_order_relaxed)))
        return false;
    if (unlikely(coll->seq >= coll->all_done + POSTINGS) &&
        !coll_all_done(coll, coll->seq + 1 - POSTINGS))
        return false;
    q->coll = coll;
    q->seq = coll_next(coll, signature);
    q->flag = coll->flag;
    q->own = posting_of(coll, coll->rank, q->seq);
    q->own->signature = signature;
    return true;
}

static inline bool
quick_post(struct quick *q, uint64_t bytes)
{
    posting_publish(q->own, q->seq, q->flag, bytes);
    coll_changed(q->coll);
    return true;
}

static inline bool
quick_seen(const struct quick *q, int rank, uint64_t bytes)
{
    const struct posting *p = posting_of(q->coll, rank, q->seq);
    uint32_t looks = engine.spins ? QUICK_LOOKS : 1;
    // acquire: pairs with the release in posting_publish.
    while (atomic_load_explicit(&p->flag, memory_order_acquire) != q->flag)
        if (unlikely(--looks == 0))
            return false;
        else
            cpu_relax();
    return likely(p->bytes == bytes);
}

/* All members, from the one after this to the one before. Where all post at the same time, looking
 * at once would take a peer's line away just when it writes it: `pause` first. */
static inline bool
quick_all_seen(const struct quick *q, uint64_t bytes, bool pause)
{
    if (pause)
        cpu_relax();
    for (int i = 1; i < q->coll->size; i++) {
        int m = q->coll->rank + i;
        if (unlikely(!quick_seen(q, m < q->coll->size ? m : m - q->coll->size, bytes)))
            return false;
    }
    return true;
}

static inline const char *
quick_data(const struct quick *q, int rank)
{
    return (const char *)posting_of(q->coll, rank, q->seq)->data;
}

/* Lane i of a posting is for the member i + 1 after its own. */
static inline void
quick_lanes(const struct quick *q, const char *blocks, uint64_t bytes)
{
    unsigned char *lane = q->own->data;
    for (int i = 1; i < q->coll->size; i++, lane += bytes) {
        int m = q->coll->rank + i;
        m = m < q->coll->size ? m : m - q->coll->size;
        small_copy(lane, blocks + (uint64_t)m * bytes, bytes);
    }
}

static inline const char *
quick_lane(const struct quick *q, int from, uint64_t bytes)
{
    int i = q->coll->rank - from - 1;
    return quick_data(q, from) + (uint64_t)(i < 0 ? i + q->coll->size : i) * bytes;
}

static inline int
quick_end(const struct quick *q)
{
    coll_over(q->coll, q->seq);
    return MPI_SUCCESS;
}

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

/* out = a[0] op a[1] op .. of n elements each, in rank order, where a[i] is in i's posting, or `own`
 * for this member: its own posting would cost a trip, for a peer that reads a line takes it away. */
static inline void
quick_reduce(const struct quick *q, op_kernel *kernel, const char *own, void *out, uint64_t n)
{
    int m = q->coll->size - 2, rank = q->coll->rank;
    const char *last = m + 1 == rank ? own : quick_data(q, m + 1);
    kernel(m == rank ? own : quick_data(q, m), last, out, n);
    while (--m >= 0)
        kernel(m == rank ? own : quick_data(q, m), out, out, n);
}

#endif
