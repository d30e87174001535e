// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/transfer.h"

#include "base/clock.h"
#include "core/chart.h"
#include "core/direct.h"
#include "core/layout.h"
#include "core/message.h"
#include "shm/arena.h"
#include "shm/cma.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

// Pieces the sender may fill before the message is matched: enough to keep both sides copying from
// the start.
#define PREFILL 4

// A range that is copied directly: large enough that claiming it is nothing.
#define RANGE_LEAST (16u << 10)
#define RANGE_MOST  (512u << 10)

#define UNIT 4096u // of the cursor
static_assert(PIECE_SIZE % UNIT == 0 && RANGE_LEAST % UNIT == 0, "claimed in whole units");

static_assert(XFERS == 64, "`used` has a bit for each, and all are set when none is free");

/* ---- user buffers ---- */

void
request_copy_out(const struct request *send, uint64_t at, void *to, size_t n)
{
    if (likely(send->type->contiguous))
        memcpy(to, (const char *)send->base + send->type->true_lb + at, n);
    else
        layout_pack(send->type, send->base, send->count, at, to, n);
}

void
request_copy_in(const struct request *recv, uint64_t at, const void *from, size_t n)
{
    if (likely(recv->type->contiguous))
        memcpy((char *)(uintptr_t)recv->base + recv->type->true_lb + at, from, n);
    else
        layout_unpack(recv->type, (void *)(uintptr_t)recv->base, recv->count, at, from, n);
}

void
slot_address(struct slot *slot, const struct request *send, enum slot_kind kind, uint32_t ref)
{
    slot->context = send->context;
    slot->source = send->rank;
    slot->tag = send->tag;
    slot->size = send->size;
    slot->sender = (uint32_t)send->peer->ring.me;
    slot->kind = (uint16_t)kind;
    slot->ref = (uint16_t)ref;
}

/* ---- staging: who holds the pieces ---- */

// Count the pieces that readers have given back. Their readers do not say so, because a sender that
// has enough of them does not need to know.
static void
pieces_collect(void)
{
    struct staging *s = &engine.staging;
    for (uint32_t i = 0; i < s->npieces; i++) {
        struct piece *piece = &s->pieces[i];
        // acquire: pairs with the release in staging_give_back.
        if (!piece->reader || atomic_load_explicit(&piece->busy, memory_order_acquire))
            continue;
        engine.peers[piece->reader - 1].pieces_out--;
        engine.pieces_out--;
        piece->reader = 0;
    }
}

static bool
pieces_allowed(const struct peer *peer)
{
    uint32_t n = engine.staging.npieces;
    return peer->pieces_out < n / 4 && engine.pieces_out < n - n / 4;
}

int
piece_take(struct peer *peer, bool matched, bool brief)
{
    if (unlikely(!matched && !pieces_allowed(peer))) {
        pieces_collect();
        if (!pieces_allowed(peer))
            return -1;
    }
    struct staging *s = &engine.staging;
    int i = staging_take(s, brief);
    if (unlikely(i < 0))
        return -1;
    struct piece *piece = &s->pieces[i];
    if (piece->reader) {
        engine.peers[piece->reader - 1].pieces_out--;
        engine.pieces_out--;
    }
    piece->reader = (uint32_t)peer_number(peer) + 1;
    peer->pieces_out++;
    engine.pieces_out++;
    return i;
}

/* ---- ranges ---- */

static uint64_t
units_of(uint64_t bytes)
{
    return (bytes + UNIT - 1) / UNIT;
}

// The units [from, from + n) of a message.
static struct byte_range
range_of_units(const struct xfer *xfer, uint64_t from, uint64_t n)
{
    uint64_t at = from * UNIT;
    return (struct byte_range){at, min_size(n * UNIT, xfer->size - at)};
}

// The units that nobody owns, by a value of the cursor.
static uint64_t
units_left(const struct xfer *xfer, uint64_t cursor)
{
    uint64_t owned = (cursor & UINT32_MAX) + (cursor >> 32), all = units_of(xfer->size);
    return owned < all ? all - owned : 0;
}

static uint64_t
units_unowned(struct xfer *xfer)
{
    return units_left(xfer, atomic_load_explicit(&xfer->cursor, memory_order_relaxed));
}

// The next `n` units from the front or the back, or as many as there are; length 0: all are
// somebody's.
static struct byte_range
units_claim(struct xfer *xfer, uint64_t n, bool back)
{
    // Each side adds beyond the last unit once at most, so that no half of the cursor overflows.
    if (!units_unowned(xfer))
        return (struct byte_range){0, 0};
    // seq_cst: after the store to `reading` or `writing` of a direct copy (stop_copies). What is in
    // the bytes is ordered by ready, written and the closing.
    uint64_t cursor =
        atomic_fetch_add_explicit(&xfer->cursor, back ? n << 32 : n, memory_order_seq_cst);
    uint64_t left = units_left(xfer, cursor), from = cursor & UINT32_MAX;
    if (!left)
        return (struct byte_range){0, 0};
    n = min_size(n, left);
    return range_of_units(xfer, back ? from + left - n : from, n);
}

// To be copied directly. Of two processes the same one always begins at the front: what they send
// to and fro stays in the caches where it was (bench/latency: 1 MiB in 25 us instead of 50). Each
// side begins with its half; should one be late, ranges get smaller, so that both end together.
static struct byte_range
range_claim_direct(struct xfer *xfer, const struct peer *peer)
{
    uint64_t left = units_unowned(xfer), half = units_of(xfer->size) / 2;
    uint64_t part = left >= half ? half : left / 4;
    part = part < RANGE_LEAST / UNIT ? RANGE_LEAST / UNIT : min_size(part, RANGE_MOST / UNIT);
    return units_claim(xfer, part, peer->before);
}

static uint64_t
offset_in_segment(const void *p)
{
    uint64_t at = (uint64_t)((uintptr_t)p - (uintptr_t)engine.seg);
    return at < engine.seg->size ? at : 0;
}

/* ---- by which way ---- */

static bool
may_copy(uint64_t size)
{
    return size >= PACE_FROM && size >= engine.direct_from && cma_pays(engine.seg);
}

static bool
always_copied(uint64_t size)
{
    return size >= PACE_ALWAYS || size >= engine.direct_always;
}

static bool
wants_pages(uint64_t size)
{
    return size >= PAGES_FROM && size >= engine.pages_from;
}

/* ---- sending ---- */

static void
xfer_prepare(struct xfer *xfer, const struct request *send)
{
    *xfer = (struct xfer){.size = send->size};
    if (!send->size)
        return;
    struct ground ground = ground_of(send);
    if (ground.holes) {
        bool useful = ground.offset || (!ground.rough && may_copy(send->size));
        if (!useful || !(xfer->layout = chart_publish(send, &ground)))
            return;
    }
    xfer->address = (uint64_t)(uintptr_t)ground.first;
    xfer->offset = ground.offset;
}

static void
rest_add(struct request *send, uint64_t at, uint64_t length)
{
    if (length)
        send->rest[send->nrest++] = (struct byte_range){at, length};
}

static bool
anything_to_stage(const struct request *send, bool open)
{
    return send->nrest || (open && units_unowned(send->xfer));
}

// A piece's worth: of the ranges that nobody else can deliver, else of what nobody owns.
static struct byte_range
stage_next(struct request *send, bool open)
{
    if (!send->nrest)
        return open ? units_claim(send->xfer, PIECE_SIZE / UNIT, false) : (struct byte_range){0, 0};
    struct byte_range *rest = &send->rest[send->nrest - 1];
    struct byte_range range = {rest->at, min_size(PIECE_SIZE, rest->length)};
    rest->at += range.length;
    rest->length -= range.length;
    if (!rest->length)
        send->nrest--;
    return range;
}

static void
stage(struct request *send, uint32_t i, struct byte_range range)
{
    struct xfer *xfer = send->xfer;
    struct piece *piece = &engine.staging.pieces[i];
    piece->at = range.at;
    piece->length = (uint32_t)range.length;
    request_copy_out(send, range.at, staging_payload(&engine.staging, i), range.length);
    send->moved += range.length;
    xfer->piece[send->pieces % XFER_WINDOW] = (uint16_t)i;
    // release: pairs with the acquire in pieces_empty; the piece's number, header and contents.
    atomic_store_explicit(&xfer->ready, ++send->pieces, memory_order_release);
    bell_notify(send->peer->segment, send->peer->block);
}

// Will the receiver read it where it lies? As it did the last time.
static bool
expects_direct(const struct request *send)
{
    if (send->xfer->offset)
        return true;
    if (!may_copy(send->size))
        return false;
    return always_copied(send->size) ||
           engine.direct_classes[!send->type->contiguous] >> pace_class(send->size) & 1;
}

// Fill pieces while there are any and the receiver keeps up. `open`: bytes may be claimed.
static bool
pieces_fill(struct request *send, bool matched, bool open)
{
    uint64_t window = matched ? XFER_WINDOW : PREFILL;
    bool moved = false;
    if (!matched && expects_direct(send))
        return false;
    // relaxed: that a piece is free is known from its own flag.
    while (send->pieces - atomic_load_explicit(&send->xfer->taken, memory_order_relaxed) < window &&
           anything_to_stage(send, open)) {
        int i = piece_take(send->peer, matched, false);
        if (i < 0)
            break;
        struct byte_range range = stage_next(send, open);
        if (!range.length) {
            staging_give_back(&engine.staging, (uint32_t)i);
            break;
        }
        stage(send, (uint32_t)i, range);
        moved = true;
    }
    return moved;
}

// How often the limit of messages under way to a peer is doubled at most.
#define UNDER_WAY_MOST 20

// So many refusals with nothing ended in between double the limit for a process that never sleeps
// (MPI_Test in a loop).
#define REFUSALS 10000

// Messages under way to a peer before it has received any of them.
static uint64_t
under_way(const struct peer *peer)
{
    return (engine.under_way ? UINT64_C(1) * engine.under_way : 1) << peer->xfers_allowed;
}

void
transfer_allow_more(struct peer *peer)
{
    if (peer->xfers_out < under_way(peer) || peer->xfers_allowed >= UNDER_WAY_MOST)
        return;
    peer->xfers_allowed++;
    peer->xfers_refused = 0;
}

static bool
transfer_allowed(struct peer *peer)
{
    if (likely(peer->xfers_out < under_way(peer)))
        return true;
    if (++peer->xfers_refused < REFUSALS)
        return false;
    transfer_allow_more(peer);
    return peer->xfers_out < under_way(peer);
}

static cold struct outgoing_table *
table_new(void)
{
    char why[200];
    struct outgoing_table *table = calloc(1, sizeof *table);
    uint64_t at = table ? arena_alloc(engine.seg, XFERS * sizeof(struct xfer), why, sizeof why) : 0;
    if (at) {
        table->xfers = (struct xfer *)segment_at(engine.seg, at);
        return table;
    }
    free(table);
    return NULL;
}

// A table that has an xfer to spare, or NULL without memory for another one.
static struct outgoing_table *
table_with_room(void)
{
    struct outgoing_table *table = &engine.outgoing;
    while (table && unlikely(table->used == UINT64_MAX)) {
        if (!table->next)
            table->next = table_new();
        table = table->next;
    }
    return table;
}

static struct outgoing *
outgoing_begin(struct outgoing_table *table, struct request *send)
{
    uint32_t index = (uint32_t)__builtin_ctzll(~table->used);
    table->used |= UINT64_C(1) << index;
    table->of[index] = (struct outgoing){.send = send, .peer = send->peer};
    engine.outgoing_count++;
    send->peer->xfers_out++;
    send->xfer = &table->xfers[index];
    xfer_prepare(send->xfer, send);
    return &table->of[index];
}

// The slot that announces it.
static void
slot_announce(struct slot *slot, const struct request *send)
{
    uint64_t offset = offset_in_segment(send->xfer);
    slot_address(slot, send, SLOT_XFER, 0);
    memcpy(slot->data, &offset, sizeof offset);
}

bool
transfer_start(struct request *send)
{
    struct peer *peer = send->peer;
    struct outgoing_table *table;
    if (!transfer_allowed(peer) || !(table = table_with_room()))
        return false;
    uint64_t position;
    struct slot *slot = ring_claim(&peer->ring, peer->ring.me, &position);
    if (!slot)
        return false;
    struct outgoing *out = outgoing_begin(table, send);
    if (may_copy(send->size))
        cma_allow(engine.seg);
    if (wants_pages(send->size) && send->type->contiguous && !send->xfer->offset)
        pages_used(&engine.pages, (const void *)(uintptr_t)send->xfer->address, send->size);
    slot_announce(slot, send);
    ring_publish(slot, position);
    bell_notify(peer->segment, peer->block);
    pieces_fill(send, false, true);
    if (send->moved == send->size && !send->sync) {
        out->send = NULL;
        request_done(send, MPI_SUCCESS);
    }
    return true;
}

static bool
can_write(const struct request *send)
{
    const struct xfer *xfer = send->xfer;
    return xfer->to_offset || (xfer->to_address && !send->peer->no_write);
}

// Copy one range straight into the receive buffer.
static bool
send_direct(struct outgoing *out)
{
    struct request *send = out->send;
    struct xfer *xfer = send->xfer;
    if (!can_write(send))
        return false;
    // seq_cst: before the claim. A receiver that gives up takes the cursor and then looks at this.
    atomic_store_explicit(&xfer->writing, 1, memory_order_seq_cst);
    struct byte_range range = range_claim_direct(xfer, send->peer);
    bool copied = range.length && direct_write(send, &out->theirs, range);
    // release, both: the bytes are there; pair with the loads in receive_step and in stop_copies.
    if (copied)
        atomic_fetch_add_explicit(&xfer->written, range.length, memory_order_release);
    atomic_store_explicit(&xfer->writing, 0, memory_order_release);
    if (!range.length)
        return false;
    if (copied) {
        send->moved += range.length;
        bell_notify(send->peer->segment, send->peer->block);
    } else {
        send->peer->no_write = true;
        rest_add(send, range.at, range.length);
    }
    return true;
}

static bool
send_step(struct outgoing *out, uint32_t state)
{
    struct request *send = out->send;
    struct xfer *xfer = send->xfer;
    // acquire: pairs with the release where the receiver decides; where to write, or what it failed
    // to read.
    uint32_t direct = atomic_load_explicit(&xfer->direct, memory_order_acquire);
    if (direct == XFER_STAGED_AGAIN && !send->failed_taken) {
        send->failed_taken = true;
        rest_add(send, xfer->failed_at, xfer->failed_length);
    }
    bool moved = pieces_fill(send, state == XFER_MATCHED, direct != XFER_DIRECT);
    if (direct == XFER_DIRECT)
        moved |= send_direct(out);
    return moved;
}

static void
note_way(const struct xfer *xfer)
{
    uint32_t bit = 1u << pace_class(xfer->size);
    uint32_t *classes = &engine.direct_classes[xfer->layout != 0];
    if (atomic_load_explicit(&xfer->direct, memory_order_relaxed) == XFER_DIRECT)
        *classes |= bit;
    else
        *classes &= ~bit;
}

// A receiver that gave up, or wanted less, left pieces untaken.
static void
outgoing_end(struct outgoing_table *table, uint32_t index)
{
    struct peer *peer = table->of[index].peer;
    struct xfer *xfer = &table->xfers[index];
    uint64_t ready = atomic_load_explicit(&xfer->ready, memory_order_relaxed);
    if (xfer->size >= PACE_FROM && xfer->size < PACE_ALWAYS)
        note_way(xfer);
    for (uint64_t i = atomic_load_explicit(&xfer->taken, memory_order_relaxed); i < ready; i++)
        staging_give_back(&engine.staging, xfer->piece[i % XFER_WINDOW]);
    chart_erase(xfer->layout);
    chart_end(table->of[index].theirs);
    peer->xfers_refused = 0;
    if (--peer->xfers_out == 0)
        peer->xfers_allowed = 0;
    table->used &= ~(UINT64_C(1) << index);
    engine.outgoing_count--;
}

static bool
outgoing_step(struct outgoing_table *table, uint32_t index)
{
    struct outgoing *out = &table->of[index];
    struct request *send = out->send;
    // acquire: pairs with the release in transfer_close; after it the receiver
    // touches nothing of ours.
    uint32_t state = atomic_load_explicit(&table->xfers[index].state, memory_order_acquire);
    bool moved = false;
    if (send && state != XFER_CLOSED)
        moved = send_step(out, state);
    // What this side has copied itself has left the buffer; ranges of the receiver's
    // end with the closing.
    if (send && (state == XFER_CLOSED ||
                 (send->moved == send->size && (!send->sync || state == XFER_MATCHED)))) {
        out->send = NULL;
        request_done(send, MPI_SUCCESS);
        moved = true;
    }
    if (state == XFER_CLOSED)
        outgoing_end(table, index);
    return moved || state == XFER_CLOSED;
}

/* ---- receiving ---- */

static void
transfer_close(struct request *recv)
{
    struct peer *peer = recv->peer;
    uint64_t chart = recv->xfer->to_layout;
    // release: pairs with the acquire in outgoing_step; our last access to the xfer.
    atomic_store_explicit(&recv->xfer->state, XFER_CLOSED, memory_order_release);
    bell_notify(peer->segment, peer->block);
    chart_erase(chart);
    chart_end(recv->theirs);
    recv->theirs = NULL;
    recv->xfer = NULL;
}

static bool
pieces_empty(struct request *recv)
{
    struct xfer *xfer = recv->xfer;
    struct peer *peer = recv->peer;
    struct staging staging = staging_of(peer->segment, peer->rank);
    // acquire: pairs with the release in stage.
    uint64_t ready = atomic_load_explicit(&xfer->ready, memory_order_acquire);
    bool moved = recv->pieces < ready;
    while (recv->pieces < ready && recv->moved < recv->size) {
        uint32_t i = xfer->piece[recv->pieces % XFER_WINDOW];
        struct piece *piece = &staging.pieces[i];
        uint64_t at = piece->at, n = piece->length;
        if (at < recv->size)
            request_copy_in(recv, at, staging_payload(&staging, i), min_size(n, recv->size - at));
        recv->moved += n;
        staging_give_back(&staging, i);
        // release: the piece's number has been read; the sender may reuse its place.
        atomic_store_explicit(&xfer->taken, ++recv->pieces, memory_order_release);
        bell_notify(peer->segment, peer->block);
    }
    return moved;
}

// Copy one range straight out of the sender's memory.
static bool
receive_direct(struct request *recv)
{
    struct xfer *xfer = recv->xfer;
    if (!xfer->offset && recv->peer->no_read)
        return false; // only the sender copies
    // seq_cst: before the claim. A sender that gives up takes the cursor and then looks at this.
    atomic_store_explicit(&xfer->reading, 1, memory_order_seq_cst);
    struct byte_range range = range_claim_direct(xfer, recv->peer);
    bool copied = range.length && direct_read(recv, &recv->theirs, range);
    // release: our loads are over; pairs with the load in stop_copies.
    atomic_store_explicit(&xfer->reading, 0, memory_order_release);
    if (!range.length)
        return false;
    if (copied) {
        recv->moved += range.length;
        return true;
    }
    recv->peer->no_read = true;
    recv->direct = false;
    recv->began = 0;
    xfer->failed_at = range.at;
    xfer->failed_length = range.length;
    // release: pairs with the acquire in send_step; the range that the sender has to stage.
    atomic_store_explicit(&xfer->direct, XFER_STAGED_AGAIN, memory_order_release);
    bell_notify(recv->peer->segment, recv->peer->block);
    return true;
}

static void
count_large(const struct request *recv)
{
    const struct xfer *xfer = recv->xfer;
    // relaxed: this process has written it.
    bool direct = atomic_load_explicit(&xfer->direct, memory_order_relaxed) == XFER_DIRECT;
    enum large_way mapped = xfer->offset || xfer->to_offset ? LARGE_MAPPED : LARGE_DIRECT;
    enum large_way way = direct ? mapped : LARGE_STAGED;
    if (!message_is_users(recv->context))
        return;
    tally_add(&engine.counters.large[way], 1);
    tally_add(&engine.counters.large_bytes[way], recv->size);
    event_note(EVENT_LARGE_END, recv->rank, recv->tag, recv->size);
}

// Data with holes takes longer, and is counted by itself.
static struct pace *
pace_of(const struct request *recv)
{
    bool holes = !recv->type->contiguous || recv->xfer->layout;
    return &engine.pace[holes][pace_class(recv->size)];
}

// Everything that can be done now; closes the xfer when all that fits has come.
static bool
receive_step(struct request *recv)
{
    struct xfer *xfer = recv->xfer;
    bool moved = pieces_empty(recv);
    if (recv->direct)
        moved |= receive_direct(recv);
    // acquire: pairs with the release in send_direct; the bytes are in our buffer.
    uint64_t written = atomic_load_explicit(&xfer->written, memory_order_acquire);
    if (recv->moved + written >= recv->size) {
        struct pace *pace = recv->began ? pace_of(recv) : NULL;
        count_large(recv);
        transfer_close(recv);
        if (pace)
            pace_record(pace, recv->direct, recv->size, clock_ns() - recv->began);
    }
    return moved || !recv->xfer;
}

// `mapped`: one of the buffers is in the segment, so that one side needs no help of the kernel's.
static bool
choose_copies(struct request *recv, uint64_t size, bool mapped)
{
    if (!may_copy(size) || recv->peer->no_read)
        return false;
    if (always_copied(size) || mapped)
        return true;
    recv->began = clock_ns();
    return pace_choose(pace_of(recv));
}

// Is the direct way open to either side, and worth it? Then tell the sender where to write. Data
// with holes of which a side draws no chart, or with pieces that are too small for the kernel, the
// other side may still reach where it lies in the segment.
static void
decide(struct request *recv, uint64_t size)
{
    struct xfer *xfer = recv->xfer;
    if (recv->size != size || !size)
        return;
    struct ground to = ground_of(recv);
    bool smooth = xfer->address && !to.rough;
    if (wants_pages(size) && !to.offset && !to.holes)
        pages_used(&engine.pages, to.first, size);
    bool cma = smooth && choose_copies(recv, size, xfer->offset || to.offset);
    if (cma)
        cma_allow(engine.seg);
    if (!xfer->offset && !cma && !(to.offset && size > PIECE_SIZE))
        return;
    recv->direct = xfer->offset || cma;
    if (!to.holes || (xfer->to_layout = chart_publish(recv, &to))) {
        xfer->to_address = cma ? (uint64_t)(uintptr_t)to.first : 0;
        xfer->to_offset = to.offset;
    } else if (!recv->direct) {
        return;
    }
    // release: pairs with the acquire in send_step.
    atomic_store_explicit(&xfer->direct, XFER_DIRECT, memory_order_release);
}

void
transfer_accept(struct request *recv, uint64_t xfer, uint64_t size)
{
    struct peer *peer = recv->peer;
    recv->xfer = (struct xfer *)segment_at(peer->segment, xfer);
    if (message_is_users(recv->context))
        event_note(EVENT_LARGE_BEGIN, recv->rank, recv->tag, size);
    decide(recv, size);
    atomic_store_explicit(&recv->xfer->state, XFER_MATCHED, memory_order_relaxed);
    bell_notify(peer->segment, peer->block);
    receive_step(recv);
    if (recv->xfer)
        request_link(&engine.receiving, recv);
    else
        request_done(recv, recv->error);
}

/* ---- both ---- */

static bool
receiving_progress(void)
{
    bool moved = false;
    for (struct request *recv = engine.receiving, *next; recv; recv = next) {
        next = recv->next;
        moved |= receive_step(recv);
        if (recv->xfer)
            continue;
        request_unlink(recv);
        request_done(recv, recv->error);
    }
    return moved;
}

bool
transfer_progress(void)
{
    bool moved = receiving_progress();
    for (struct outgoing_table *table = &engine.outgoing; table; table = table->next)
        for (uint64_t used = table->used; used; used &= used - 1)
            moved |= outgoing_step(table, (uint32_t)__builtin_ctzll(used));
    return moved;
}

bool
transfer_pending(void)
{
    for (const struct outgoing_table *table = &engine.outgoing; table; table = table->next)
        for (uint64_t used = table->used; used; used &= used - 1) {
            const struct request *send = table->of[__builtin_ctzll(used)].send;
            if (send && !peer_leaves(send->peer))
                return true;
        }
    return engine.receiving != NULL;
}

bool
transfer_orphans(void)
{
    for (const struct outgoing_table *table = &engine.outgoing; table; table = table->next)
        for (uint64_t used = table->used; used; used &= used - 1) {
            const struct request *send = table->of[__builtin_ctzll(used)].send;
            if (send && send->orphan && !peer_leaves(send->peer))
                return true;
        }
    return false;
}

/* ---- giving up ---- */

// No new range begins after this; wait until the peer has ended the one it may be copying. Returns
// what nobody owned.
static struct byte_range
stop_copies(struct xfer *xfer, const struct peer *peer, _Atomic uint32_t *busy)
{
    // seq_cst: the cursor, then the flag; the peer stores its flag, then claims.
    uint64_t cursor =
        atomic_exchange_explicit(&xfer->cursor, units_of(xfer->size), memory_order_seq_cst);
    // acquire: pairs with the launcher's release when it has reaped the peer (mark_ended).
    while (atomic_load_explicit(busy, memory_order_seq_cst) &&
           !atomic_load_explicit(&peer->block->ended, memory_order_acquire))
        sched_yield(); // the peer may need this CPU to end its range
    uint64_t left = units_left(xfer, cursor);
    return left ? range_of_units(xfer, cursor & UINT32_MAX, left) : (struct byte_range){0, 0};
}

void
transfer_drop(struct request *recv)
{
    stop_copies(recv->xfer, recv->peer, &recv->xfer->writing);
    request_unlink(recv);
    transfer_close(recv);
}

void
transfer_take_rest(struct request *send)
{
    struct byte_range left = stop_copies(send->xfer, send->peer, &send->xfer->reading);
    rest_add(send, left.at, left.length);
}

void
transfer_replace(const struct request *send, struct request *by)
{
    for (struct outgoing_table *table = &engine.outgoing; table; table = table->next)
        for (uint32_t i = 0; i < XFERS; i++)
            if (table->of[i].send == send)
                table->of[i].send = by;
}
