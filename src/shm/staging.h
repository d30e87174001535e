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
    uint32_t round;      // pieces that have ever been taken: those that go round
    uint32_t taken;      // since the round grew
    uint32_t next;       // of the round
    uint32_t next_brief; // of its first STAGING_BRIEF
};

// A piece that was never touched costs 10 us where pages are slow to come, ten times what filling
// it does. So the round begins with few pieces, and grows by one when so many have been taken, or
// when it is all in use.
#define STAGING_FIRST 8u
#define STAGING_GROW  16u

// For what is handed over to the reader's side at once (cpu_hand_over) so many are enough: it gains
// nothing by a long round, and each piece more costs an entry of the TLB.
#define STAGING_BRIEF 64u

/* As staging_take, when the next piece is not free or the round shall grow. */
int staging_take_slow(struct staging *s, bool brief);

static inline int
staging_take_next(struct staging *s, uint32_t *next, uint32_t end)
{
    uint32_t i = *next;
    *next = i + 1 >= end ? 0 : i + 1;
    // acquire: pairs with the release in staging_give_back: the reader's loads are done.
    if (unlikely(atomic_load_explicit(&s->pieces[i].busy, memory_order_acquire)))
        return -1;
    atomic_store_explicit(&s->pieces[i].busy, 1, memory_order_relaxed);
    __builtin_prefetch(&s->pieces[*next], 1);
    return (int)i;
}

static inline uint32_t
staging_round(const struct staging *s, bool brief)
{
    return brief && s->round > STAGING_BRIEF ? STAGING_BRIEF : s->round;
}

/* Take a piece; its number, or -1 when the next few are all busy and the round cannot grow.
 * `brief`: for a message that is handed over. */
static inline int
staging_take(struct staging *s, bool brief)
{
    if (likely(++s->taken < STAGING_GROW && s->round >= STAGING_FIRST)) {
        uint32_t *next = brief ? &s->next_brief : &s->next;
        int i = staging_take_next(s, next, staging_round(s, brief));
        if (likely(i >= 0))
            return i;
    }
    return staging_take_slow(s, brief);
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
