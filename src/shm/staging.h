// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Staging: each rank owns `npieces` pieces of PIECE_SIZE bytes, together larger than a core's L2
 * cache, and takes them round and round: when a piece comes again its lines have left both L2
 * caches, and writing it costs no trip to the other core. The owner sets `busy` and fills the
 * piece; the one reader it was given to clears `busy`. One line per piece, because the two sides
 * write it in turns.
 */
#ifndef MUSTER_SHM_STAGING_H
#define MUSTER_SHM_STAGING_H

#include "shm/segment.h"

struct piece {
    line_aligned _Atomic uint32_t busy; // owner: 0 -> 1; reader: 1 -> 0
    uint32_t reader;                    // owner alone: rank + 1 of the one it was given to
    uint32_t length;                    // owner, before the piece is announced: bytes in it
    uint64_t at;                        // and where in the message they belong
};

struct staging {
    struct piece *pieces;
    char *payload;
    uint32_t npieces;
    uint32_t next;       // of all pieces
    uint32_t next_short; // of the first STAGING_SHORT
    uint32_t fresh;      // no piece from here on has been taken yet
};

// Pieces for what fits into one and is handed over to the reader's side at once (cpu_hand_over):
// that gains nothing by a long round, and each piece more costs a page and an entry of the TLB.
#define STAGING_SHORT 64u

/* The pieces up to `i` are about to be used for the first time: have their memory ready. Page by
 * page as it is touched would cost up to half as much again, and each time that a longer message
 * than before comes. */
void staging_touch(struct staging *s, uint32_t i) cold;

static inline int
staging_take_of(struct staging *s, uint32_t *next, uint32_t end)
{
    for (uint32_t tries = 0; tries < 8; tries++) {
        uint32_t i = *next;
        *next = i + 1 == end ? 0 : i + 1;
        // acquire: pairs with the release in staging_give_back: the reader's loads are done.
        if (likely(!atomic_load_explicit(&s->pieces[i].busy, memory_order_acquire))) {
            atomic_store_explicit(&s->pieces[i].busy, 1, memory_order_relaxed);
            __builtin_prefetch(&s->pieces[*next], 1);
            if (unlikely(i >= s->fresh))
                staging_touch(s, i);
            return (int)i;
        }
    }
    return -1;
}

/* Take the next piece; its number, or -1 when it and the few after it are all busy. */
static inline int
staging_take(struct staging *s)
{
    return staging_take_of(s, &s->next, s->npieces);
}

/* The same for a message that is handed over. */
static inline int
staging_take_short(struct staging *s)
{
    uint32_t end = s->npieces < STAGING_SHORT ? s->npieces : STAGING_SHORT;
    int i = staging_take_of(s, &s->next_short, end);
    return likely(i >= 0) ? i : staging_take(s);
}

static inline char *
staging_payload(const struct staging *s, uint32_t piece)
{
    return s->payload + (size_t)piece * PIECE_SIZE;
}

/* The reader has copied the piece out. */
static inline void
staging_give_back(const struct staging *s, uint32_t piece)
{
    // release: our loads are over; pairs with the acquire in staging_take and pieces_collect.
    atomic_store_explicit(&s->pieces[piece].busy, 0, memory_order_release);
}

/* The staging area of a rank, as its owner or as a reader. */
static inline struct staging
staging_of(struct segment *seg, int rank)
{
    size_t first = (size_t)rank * seg->npieces;
    return (struct staging){
        .pieces = (struct piece *)segment_at(seg, seg->pieces_at) + first,
        .payload = (char *)segment_at(seg, seg->payload_at) + first * PIECE_SIZE,
        .npieces = seg->npieces,
    };
}

#endif
