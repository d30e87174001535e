// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "shm/ring.h"

struct slot *
ring_claim_slow(struct ring_out *ring, int rank, uint64_t *position, uint64_t at)
{
    struct rank_block *block = ring->block;
    // acquire: pairs with the release in ring_publish_head; the consumer's reads of the slots
    // below head are done before we write there.
    ring->head_seen = atomic_load_explicit(&block->head, memory_order_acquire);
    for (uint64_t p = at; p < ring->head_seen + RING_SLOTS; p++) {
        uint64_t i = p & (RING_SLOTS - 1);
        uint64_t claim = atomic_load_explicit(&block->claims[i], memory_order_relaxed);
        uint64_t lap = ring_lap(p);
        if (claim >= lap)
            continue; // somebody has it
        if (!atomic_compare_exchange_strong_explicit(&block->claims[i], &claim,
                                                     lap | (uint64_t)rank, memory_order_relaxed,
                                                     memory_order_relaxed))
            continue; // a claim of p or, when this walk is a lap late, of a later position
        atomic_store_explicit(&block->tail, p + 1, memory_order_relaxed);
        *position = p;
        return &ring->slots[i];
    }
    return NULL;
}

static void
wake_wanting(struct ring_in *ring)
{
    for (uint32_t w = 0; w < ring->segment->wanting_words; w++) {
        // relaxed, both: the fences around `space_wanted` order it.
        if (!atomic_load_explicit(&ring->wanting[w], memory_order_relaxed))
            continue;
        uint64_t bits = atomic_exchange_explicit(&ring->wanting[w], 0, memory_order_relaxed);
        if (w + 1 == ring->segment->wanting_words) {
            if (ring->wake_guests)
                ring->wake_guests(bits);
            continue;
        }
        for (; bits; bits &= bits - 1)
            segment_ring_bell(ring->segment, (int)(w * 64) + __builtin_ctzll(bits));
    }
}

void
ring_publish_head(struct ring_in *ring)
{
    // release: pairs with the acquire in ring_claim_slow.
    atomic_store_explicit(&ring->block->head, ring->head, memory_order_release);
    ring->published = ring->head;
    // Store head, then load space_wanted; the producer stores space_wanted, then loads head. The
    // two fences (here and in ring_want_space) make sure that one of them sees the other.
    atomic_thread_fence(memory_order_seq_cst);
    if (likely(!atomic_load_explicit(&ring->block->space_wanted, memory_order_relaxed)))
        return;
    atomic_store_explicit(&ring->block->space_wanted, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst); // clear before collecting the bits: none is lost
    wake_wanting(ring);
}

void
ring_want_space(struct ring_out *ring, int bit)
{
    atomic_fetch_or_explicit(&ring->wanting[bit / 64], UINT64_C(1) << (bit % 64),
                             memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst); // the bit before the summary
    atomic_store_explicit(&ring->block->space_wanted, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst); // pairs with ring_publish_head
}

// Who has claimed the next slot, or -1.
static int
claimer_of_next(const struct ring_in *ring)
{
    uint64_t i = ring->head & (RING_SLOTS - 1);
    uint64_t claim = atomic_load_explicit(&ring->block->claims[i], memory_order_relaxed);
    int claimer = (int)(claim & (MAX_RANKS - 1));
    return claim - (uint64_t)claimer == ring_lap(ring->head) ? claimer : -1;
}

int
ring_absent_guest(const struct ring_in *ring)
{
    int claimer = claimer_of_next(ring);
    return claimer >= (int)ring->segment->nranks ? claimer : -1;
}

bool
ring_skip(struct ring_in *ring)
{
    if (ring_peek(ring))
        return false;
    ring_pop(ring);
    return true;
}

bool
ring_skip_dead(struct ring_in *ring)
{
    int claimer = claimer_of_next(ring);
    if (claimer < 0 || claimer >= (int)ring->segment->nranks)
        return false;
    // acquire: pairs with the launcher's release after it has reaped the process; every store that
    // the claimer made is visible from here on.
    if (!atomic_load_explicit(&segment_rank(ring->segment, claimer)->ended, memory_order_acquire))
        return false;
    return ring_skip(ring);
}
