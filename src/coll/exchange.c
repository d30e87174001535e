// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The general exchange: each giver puts its contribution into its posting or its window, each taker
 * copies or reduces from there. All copying collectives are this, and all small reductions.
 *
 *   arrive   room for the posting, a window if one is needed, its first round filled, post
 *   move     takers: round k is taken from each giver in turn; givers: fill round k when all whose
 *            lane it overwrites have taken round k - ring
 *
 * The size of a piece follows from the number of members and the element alone, so that both sides
 * agree. No deadlock: round k can be filled when round k - ring has been taken by all, and taken
 * when round k has been filled by all, so the least round not taken by all can always go on.
 */
#include "coll/exchange.h"

#define PIECE_MIN  64u
#define SELF_PIECE (32u * 1024)

/* ---- the plan ---- */

// Of an element that can be cut nowhere else.
static inline uint64_t
unit_of(const struct call *call)
{
    return call->op ? reduction_unit(call) : 1;
}

uint64_t
exchange_piece(int size, bool lanes, bool mixed)
{
    if (!lanes)
        return PIECE;
    uint64_t piece = window_limit(mixed) / (uint64_t)(size - 1) / 2 - LANE_HEAD;
    piece &= ~(uint64_t)(PIECE_MIN - 1);
    return piece < PIECE_MIN ? PIECE_MIN : piece < PIECE ? piece : PIECE;
}

static void
plan_piece(struct call *call)
{
    uint64_t piece = call->lanes ? call->coll->lane_piece : PIECE;
    uint64_t unit = unit_of(call), cut = 0;
    if (unlikely(call->bytes > POSTING_INLINE) && unit > 1)
        cut = piece % unit; // a division, which what stands in a posting need not wait for
    call->whole = call->op && (unit > piece || !(call->send.raw || call->type->contiguous));
    call->piece = call->whole ? UINT64_MAX : piece - cut;
}

// What a lane begins with, when its size is the giver's affair.
static inline uint64_t
lane_head(const struct call *call)
{
    return call->irregular && call->lanes ? LANE_HEAD : 0;
}

static uint64_t
largest_lane(const struct call *call)
{
    uint64_t largest = 0;
    if (!call->irregular || !call->lanes)
        return call->bytes;
    for (int j = 0; j < lanes(call); j++) {
        uint64_t bytes = given(call, j);
        largest = bytes > largest ? bytes : largest;
    }
    return largest;
}

static uint64_t
plan_rounds_in(const struct call *call)
{
    uint64_t most = 0;
    if (call->op)
        return rounds_of(call, call->bytes);
    if (likely(!vector_given(call->recv.counts))) {
        struct giver first = giver(call, 0);
        return rounds_of(call, wanted(call, &first));
    }
    for (int i = 0; i < givers(call); i++) {
        struct giver from = giver(call, i);
        uint64_t rounds = from.rank < 0 ? 0 : rounds_of(call, wanted(call, &from));
        most = rounds > most ? rounds : most;
    }
    return most;
}

// Bytes of the window, with stride and ring set.
static uint64_t
plan_window(struct call *call, uint64_t largest)
{
    uint64_t n = (uint64_t)lanes(call);
    uint64_t head = lane_head(call);
    uint64_t room = window_limit(call->coll->mixed) / n;
    call->ring = call->rounds_out;
    // More edges than members may make the window larger than the buffer.
    if (!call->whole && largest + head > room)
        call->ring = room > call->piece + head ? (room - head) / call->piece : 1;
    uint64_t lane = call->ring < call->rounds_out ? call->ring * call->piece : largest;
    call->stride = align_up(head + lane, CACHE_LINE);
    return call->stride * n;
}

/* ---- giving ---- */

static void
fill_lane(struct call *call, int j, char *lane)
{
    uint64_t bytes = given(call, j), at = call->filled ? call->filled * call->piece : 0;
    if (lane_head(call)) {
        if (call->filled == 0)
            memcpy(lane, &bytes, sizeof bytes);
        lane += LANE_HEAD;
    }
    if (at >= bytes || (call->lanes && unlikely(reader(call, j) < 0)))
        return;
    struct part part = side_part(&call->send, block_out(call, j));
    uint64_t place = call->filled ? call->filled % call->ring * call->piece : 0;
    part_get(&part, at, lane + place, min_size(call->piece, bytes - at));
}

static void
fill_round(struct call *call, char *window)
{
    for (int j = 0, n = lanes(call); j < n; j++)
        fill_lane(call, j, window + (uint64_t)j * call->stride);
    call->filled++;
}

static enum step
open_window(struct call *call)
{
    uint64_t largest = largest_lane(call);
    call->rounds_out = rounds_of(call, largest);
    enum step step = call_window(call, plan_window(call, largest));
    if (step != STEP_DONE)
        return step;
    struct posting *own = call->own;
    own->at = call->window;
    own->stride = call->stride;
    own->ring = call->ring;
    own->piece = call->piece;
    // relaxed: call_post stores the flag with release.
    atomic_store_explicit(&own->filled, 1, memory_order_relaxed);
    atomic_store_explicit(&own->taken, 0, memory_order_relaxed);
    return STEP_DONE;
}

static inline enum step
post_inline(struct call *call)
{
    call->stride = call->bytes;
    call->ring = call->rounds_out = 1;
    fill_round(call, (char *)call->own->data);
    call_post(call, call->bytes);
    return STEP_DONE;
}

// Post without giving anything. A taker's counter stands in the posting all the same.
static inline enum step
post_empty(struct call *call)
{
    atomic_store_explicit(&call->own->taken, 0, memory_order_relaxed);
    call_post(call, call->bytes);
    return STEP_DONE;
}

static noinline_ enum step
post_window(struct call *call)
{
    enum step step = open_window(call);
    if (step != STEP_DONE)
        return step;
    fill_round(call, segment_at(engine.seg, call->window));
    call_post(call, call->bytes);
    return STEP_DONE;
}

void
exchange_plan(struct call *call)
{
    plan_piece(call);
    call->rounds_in = takes(call) ? plan_rounds_in(call) : 0;
}

// What was posted the short way is all in the posting.
static void
resume(struct call *call)
{
    if (!gives(call))
        return;
    call->ring = call->rounds_out = call->filled = 1;
    call->window = call->own->at;
}

static void
plan(struct call *call)
{
    exchange_plan(call);
    if (call->posted)
        resume(call);
}

static enum step
arrive(struct call *call)
{
    if (unlikely(!call_room(call)))
        return STEP_WAIT;
    if (!gives(call))
        return post_empty(call);
    return fits_posting(call, call->bytes) ? post_inline(call) : post_window(call);
}

// The reader of lane j is less than a ring behind, or wants nothing of round `filled`.
static enum step
reader_ready(struct call *call, int j)
{
    uint64_t k = call->filled;
    struct coll *coll = call->coll;
    int m = call->flow == FLOW_UP ? call->root : reader(call, j);
    if (unlikely(m < 0) || (call->flow == FLOW_SCAN && m < coll->rank) ||
        rounds_of(call, given(call, j)) <= k)
        return STEP_DONE;
    enum step seen = posting_seen(call, m);
    if (seen != STEP_DONE)
        return seen;
    // acquire: pairs with the release in count_taken; its loads from our window are over.
    if (atomic_load_explicit(&peer_posting(call, m)->taken, memory_order_acquire) <=
            k - call->ring &&
        atomic_load_explicit(&coll->board->members[m].done, memory_order_acquire) < call->seq)
        return call_wait(call, m);
    return STEP_DONE;
}

// Nobody who still wants what the next round overwrites is more than a ring behind.
static enum step
may_fill(struct call *call)
{
    uint64_t k = call->filled;
    if (k < call->ring)
        return STEP_DONE;
    for (int n = readers(call); call->reader < n; call->reader++) {
        enum step ready = reader_ready(call, call->reader);
        if (ready != STEP_DONE)
            return ready;
    }
    // A reduction takes its own contribution from the window too.
    if (call->op && call->taken + call->ring <= k && call->taken < call->rounds_in)
        return call_wait(call, call->coll->rank);
    call->reader = 0;
    return STEP_DONE;
}

static enum step
fill_more(struct call *call)
{
    enum step may = may_fill(call);
    if (may != STEP_DONE)
        return may;
    fill_round(call, segment_at(engine.seg, call->window));
    // release: pairs with the acquire in source_ready.
    atomic_store_explicit(&call->own->filled, call->filled, memory_order_release);
    coll_changed(call->coll);
    return STEP_DONE;
}

/* ---- taking ---- */

static cold enum step
pieces_differ(struct call *call, int rank)
{
    return call_give_up(call, error_new(MPI_ERR_TYPE,
                                        "rank %d cuts its elements otherwise than rank %d: the "
                                        "datatypes differ",
                                        rank, call->coll->rank));
}

// The first look at a giver: does it give what we want?
static enum step
check_source(struct call *call, const struct giver *giver, const struct posting *p, uint64_t want)
{
    uint64_t bytes = p->bytes;
    if (is_inter(call) && unlikely(p->signature != call->signature))
        return call_disagrees(call, giver->rank);
    if (lane_head(call))
        memcpy(&bytes,
               member_window(call->coll, giver->rank, p->at) + (uint64_t)giver->lane * p->stride,
               sizeof bytes);
    if (unlikely(bytes != want))
        return call_truncated(call, giver->rank, bytes, want);
    if (want && !fits_posting(call, bytes)) {
        if (unlikely(p->piece != call->piece))
            return pieces_differ(call, giver->rank);
        call->tight |= rounds_of(call, want) > p->ring;
    }
    return STEP_DONE;
}

const char *
source_place(const struct call *call, const struct giver *giver, uint64_t want)
{
    const struct posting *p = peer_posting(call, giver->rank);
    uint64_t lane = call->lanes ? (uint64_t)giver->lane : 0, k = call->taken;
    if (fits_posting(call, want))
        return (const char *)p->data + lane * want;
    return member_window(call->coll, giver->rank, p->at) + lane * p->stride + lane_head(call) +
           (k ? k % p->ring * call->piece : 0);
}

enum step
source_ready(struct call *call, const struct giver *giver, struct source *source)
{
    struct posting *p = peer_posting(call, giver->rank);
    uint64_t want = wanted(call, giver), k = call->taken;
    enum step step = STEP_DONE;
    if (k == 0) {
        if ((step = posting_seen(call, giver->rank)) != STEP_DONE ||
            (step = check_source(call, giver, p, want)) != STEP_DONE)
            return step;
    }
    source->pos = k ? k * call->piece : 0;
    source->n = source->pos < want ? min_size(call->piece, want - source->pos) : 0;
    if (!source->n)
        return STEP_DONE;
    // acquire: pairs with the release in fill_more.
    if (k && atomic_load_explicit(&p->filled, memory_order_acquire) <= k)
        return call_wait(call, giver->rank);
    source->at = source_place(call, giver, want);
    return STEP_DONE;
}

static inline enum step
copy_round(struct call *call)
{
    struct source source;
    int n = givers(call);
    // In place what is taken overwrites what is given.
    if (call->in_place && call->lanes && call->filled <= call->taken &&
        call->filled < call->rounds_out)
        return call_wait(call, call->coll->rank);
    for (; call->peer < n; call->peer++) {
        struct giver from = giver(call, call->peer);
        if (unlikely(from.rank < 0))
            continue;
        enum step step = source_ready(call, &from, &source);
        if (step != STEP_DONE)
            return step;
        if (!source.n)
            continue;
        struct part part = side_part(&call->recv, from.block);
        part_put(&part, source.pos, source.at, source.n);
    }
    count_taken(call);
    return STEP_DONE;
}

/* ---- the steps ---- */

// The next piece of what this member gives itself: done while there is nothing else to do, and at
// the end.
static noinline_ void
copy_self(struct call *call)
{
    int rank = call->coll->rank;
    struct part from = side_part(&call->send, call->lanes ? rank : 0);
    struct part to = side_part(&call->recv, call->flow == FLOW_DOWN ? 0 : rank);
    size_t n = min_size(SELF_PIECE, from.bytes - call->copied);
    part_copy_some(&from, &to, call->copied, n);
    call->copied += n;
    call->self = call->copied < from.bytes;
}

static inline enum step
take_round(struct call *call)
{
    if (!call->op)
        return copy_round(call);
    return likely(!call->whole) ? exchange_reduce(call) : exchange_reduce_whole(call);
}

// Take and fill in turn, until neither can go on. If both must wait it is for whoever moves first.
static enum step
move(struct call *call)
{
    for (bool moved = true; moved;) {
        enum step step;
        moved = false;
        call->waits = 0;
        if (call->taken < call->rounds_in) {
            if ((step = take_round(call)) == STEP_ERROR)
                return step;
            moved = step == STEP_DONE;
        }
        if (unlikely(call->filled < call->rounds_out)) {
            if ((step = fill_more(call)) == STEP_ERROR)
                return step;
            moved |= step == STEP_DONE;
        }
        if (call->self && !moved) {
            copy_self(call);
            moved = true;
        }
    }
    return call->taken < call->rounds_in || call->filled < call->rounds_out ? STEP_WAIT : STEP_DONE;
}

enum step
exchange_step(struct call *call)
{
    enum step step = STEP_DONE;
    if (!call->piece)
        plan(call);
    if (!call->posted && (step = arrive(call)) != STEP_DONE)
        return step;
    step = move(call);
    if (unlikely(call->late) && step == STEP_DONE && call->scratch)
        memcpy(side_part(&call->recv, 0).flat, call->scratch, call->bytes);
    return step;
}
