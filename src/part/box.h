// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Small partitions do not go as messages but through a box in the segment, which the sender makes
 * with the request and the receiver learns of with the offer. A ready partition is copied to its
 * place in the box, and the range of partitions that were ready together is noted; the receiver
 * takes out what is noted when it looks: that costs each partition a few bytes beside its data, and
 * the receiver nothing until it comes. A round of 1,000,000 partitions of 8 bytes takes 16 bytes
 * each.
 *
 * The box holds one round. Of the next one nothing is put in before the receiver has taken all of
 * the one before; until then ready partitions are held back.
 */
#ifndef MUSTER_PART_BOX_H
#define MUSTER_PART_BOX_H

#include "part/part.h"

/* Larger ones are messages: from here on the copy costs more than a message does. */
#define BOX_EACH 1024u

/* Nor is the data of more than this kept twice. */
#define BOX_MOST (64u << 20)

struct box_range {
    uint32_t first, n;
};

struct box {
    // The sender writes. `put`: the receiver reads.
    line_aligned _Atomic uint64_t put; // ranges noted so far, in all rounds
    struct box *next;                  // in the list of those that the receiver has not emptied
    uint64_t last;                     // the round that it has to take before the box can go
    // The receiver writes, the sender reads.
    line_aligned _Atomic uint64_t rounds; // that it has taken
    // The sender writes, the receiver reads: of this round, one for each partition. The data
    // follows.
    line_aligned struct box_range ranges[];
};
static_assert(offsetof(struct box, ranges) == 128, "a line for each side");

/* Bytes before the data. */
static inline uint64_t
box_head(int64_t partitions)
{
    return align_up(sizeof(struct box) + (size_t)partitions * sizeof(struct box_range), 64);
}

/* A box for a sender, or NULL where none is to be used, or there is no memory for it. */
struct box *box_new(const struct envelope *e, int partitions);

/* The sender's request is gone after so many rounds: end the box once they have been taken. */
void box_leave(struct box *box, uint64_t rounds);

static inline uint64_t
box_offset(const struct box *box)
{
    return box ? (uint64_t)((const char *)box - (const char *)engine.seg) : 0;
}

#endif
