// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Whether large messages go through staging or by copies between the processes.
 *
 * Which is faster depends on caches, kernel and page sizes: with 1 MiB in 30 us by staging and in
 * 39 directly on one machine, in 67 and 35 on another (bench/limits.c), no constant serves both. So
 * each receiver tries both on its first messages of a size class, PACE_TRIES of each, and goes on
 * with the one that had the fastest of them. The least time counts because what disturbs (pages
 * touched for the first time, a sender that computes) only adds.
 *
 * All tries of a way may have been disturbed, and what a program does changes: so it tries again,
 * after twice as many messages each time. What was found before counts, but less each time. When
 * does not depend on the answer: two ranks that exchange messages try at the same time, and so find
 * what is only faster when both do it (what one has copied directly is where the other needs it).
 */
#ifndef MUSTER_CORE_PACE_H
#define MUSTER_CORE_PACE_H

#include "base/base.h"

#define PACE_FROM    (32u << 10) // below, one side would copy all of it
#define PACE_ALWAYS  (16u << 20) // from here on, direct copies never are
#define PACE_CLASSES 9           // between the two, a factor of 2 each
#define PACE_TRIES   4
#define PACE_STAY    64 // messages before it tries again, doubled each time
#define PACE_DOUBLE  5  // times at most

struct pace {
    int turn;         // PACE_TRIES staged, as many directly, then the better way
    int looks;        // how often they were tried again, at most PACE_DOUBLE
    uint64_t best[2]; // ns for 1 MiB: staged, directly; 0: unknown
};

/* The class of a size from PACE_FROM to below PACE_ALWAYS. */
static inline int
pace_class(uint64_t size)
{
    return __builtin_clzll(PACE_FROM) - __builtin_clzll(size);
}

/* Shall the next message go directly? */
bool pace_choose(struct pace *pace);

/* A message of `size` bytes took `ns`. */
void pace_record(struct pace *pace, bool direct, uint64_t size, uint64_t ns);

#endif
