// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A rank's inbound ring: many producers, one consumer, payload inside the slot.
 *
 * A producer claims position p by one compare-and-swap of claims[p % N], from the claim of
 * position p - N (or 0) to (p's lap, its rank): the position and the claimer are stored together.
 * (Where in its lap a position is, the slot knows: the number of the lap is all that the claim has
 * to hold. Beside the rank there is room for 2^50 positions, three years at ten million messages a
 * second.) It fills the slot and publishes it with flag = p + 1. The consumer takes positions in
 * order; it writes neither claims nor slots, only `head`, a quarter lap at a time, so a slot's
 * lines go from the producer to the consumer and never back.
 *
 * Who dies where:
 *   before the claim    nothing has happened; the next producer claims p.
 *   claim .. publish    the consumer finds claims[p] = (p's lap, r), the flag missing and r ended
 *                       (the launcher says so after the process is gone, so no store of it can
 *                       follow): it reads the flag once more and steps over the slot
 *                       (ring_skip_dead).
 *   after the publish   the message is there.
 *   before `tail` moved `tail` is a hint that lags; the next producer walks over the claims.
 * The model in tests/model/ring.pml has each of these deaths.
 */
#ifndef MUSTER_SHM_RING_H
#define MUSTER_SHM_RING_H

#include "shm/segment.h"

#define SLOT_SIZE   128
#define SLOT_INLINE (SLOT_SIZE - 40)

enum slot_kind {
    SLOT_INLINE_DATA = 1, // the message is in `data`
    SLOT_PIECE = 2,       // the message is in staging piece `ref` of the sender
    SLOT_XFER = 3,        // the message is large or synchronous: `data` is the offset of its xfer
};

/* One message, or the announcement of one. The first line holds 24 bytes of data. */
struct slot {
    line_aligned _Atomic uint64_t flag; // position + 1 once filled; the producer's last store
    uint64_t context;
    int32_t source; // rank of the sender in the communicator
    int32_t tag;
    uint64_t size;   // bytes of the message
    uint32_t sender; // rank of the sender in its job
    uint16_t kind;   // enum slot_kind
    uint16_t ref;    // number of a piece
    unsigned char data[SLOT_INLINE];
};
static_assert(sizeof(struct slot) == SLOT_SIZE, "a slot is two lines");
static_assert(offsetof(struct slot, data) == 40, "24 bytes of data on the first line");
static_assert((RING_SLOTS & (RING_SLOTS - 1)) == 0, "positions are reduced by a mask");

/* A producer's view of somebody's ring. */
struct ring_out {
    struct rank_block *block;
    struct slot *slots;
    _Atomic uint64_t *wanting;
    uint64_t head_seen; // the consumer's head as last read
    int me, want;       // the producer's number there, and its bit among those that wait for room
};

/* The consumer's view of its own. */
struct ring_in {
    struct segment *segment;
    struct rank_block *block;
    struct slot *slots;
    _Atomic uint64_t *wanting;
    uint64_t head;                      // next position to take
    uint64_t published;                 // what block->head says
    void (*wake_guests)(uint64_t bits); // of other jobs (ring_guest_bit); NULL: there are none
};

/* The ring of `rank`, for producers, and for its owner. */
static inline struct ring_out
ring_out_of(struct segment *seg, int rank)
{
    return (struct ring_out){
        .block = segment_rank(seg, rank),
        .slots = (struct slot *)segment_at(seg, seg->rings_at) + (size_t)rank * RING_SLOTS,
        .wanting = segment_wanting(seg, rank),
    };
}

/* The bit of a guest among those that wait for room: it may share it with others. */
static inline int
ring_guest_bit(const struct segment *seg, int number)
{
    return (int)(seg->wanting_words - 1) * 64 + number % 64;
}

static inline struct ring_in
ring_in_of(struct segment *seg, int rank)
{
    struct ring_out ring = ring_out_of(seg, rank);
    return (struct ring_in){
        .segment = seg, .block = ring.block, .slots = ring.slots, .wanting = ring.wanting};
}

/* What claims[] holds of the position, above the bits of the claimer's rank. */
static inline uint64_t
ring_lap(uint64_t position)
{
    return (position / RING_SLOTS + 1) << RANK_BITS;
}

/* The rest of ring_claim: from position `at` on, with the consumer's head read again. */
struct slot *ring_claim_slow(struct ring_out *ring, int rank, uint64_t *position, uint64_t at);

/*
 * Claim a slot for `rank`; *position is for ring_publish. NULL: the ring is full (the caller may
 * set its bit with ring_want_space and try once more before it sleeps).
 */
static inline struct slot *
ring_claim(struct ring_out *ring, int rank, uint64_t *position)
{
    struct rank_block *block = ring->block;
    uint64_t p = atomic_load_explicit(&block->tail, memory_order_relaxed);
    uint64_t i = p & (RING_SLOTS - 1);
    uint64_t claim = atomic_load_explicit(&block->claims[i], memory_order_relaxed);
    uint64_t lap = ring_lap(p);
    // The slot is free when its claim is a lap old and the consumer has passed it.
    if (unlikely(p >= ring->head_seen + RING_SLOTS || claim >= lap) ||
        unlikely(!atomic_compare_exchange_strong_explicit(
            &block->claims[i], &claim, lap | (uint64_t)rank, memory_order_relaxed,
            memory_order_relaxed)))
        return ring_claim_slow(ring, rank, position, p);
    atomic_store_explicit(&block->tail, p + 1, memory_order_relaxed);
    *position = p;
    return &ring->slots[i];
}

static inline void
ring_publish(struct slot *slot, uint64_t position)
{
    // release: the consumer that sees the flag (ring_peek, acquire) sees the slot's contents.
    atomic_store_explicit(&slot->flag, position + 1, memory_order_release);
}

/* The next message, or NULL. It stays valid until ring_pop. */
static inline struct slot *
ring_peek(struct ring_in *ring)
{
    struct slot *slot = &ring->slots[ring->head & (RING_SLOTS - 1)];
    // acquire: pairs with the release in ring_publish.
    if (atomic_load_explicit(&slot->flag, memory_order_acquire) != ring->head + 1)
        return NULL;
    return slot;
}

/* Publish the head and wake producers that wait for room. */
void ring_publish_head(struct ring_in *ring);

static inline void
ring_pop(struct ring_in *ring)
{
    ring->head++;
    if (unlikely(ring->head - ring->published >= RING_SLOTS / 4))
        ring_publish_head(ring);
}

/* Step over the next slot if its claimer has ended without publishing; true if it did. For use when
 * the ring looks empty and the consumer is about to sleep. */
bool ring_skip_dead(struct ring_in *ring);

/* The guest that has claimed the next slot and not published it, or -1; and the step over that slot
 * when its process has ended, which only who knows the guest's job can tell. */
int ring_absent_guest(const struct ring_in *ring);
bool ring_skip(struct ring_in *ring);

/* Ask the consumer to wake who has this bit (its rank, or ring_guest_bit) when there is room. Try
 * ring_claim again before sleeping. */
void ring_want_space(struct ring_out *ring, int bit);

#endif
