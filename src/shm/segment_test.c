// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The layout of a segment: what the ranks may touch fits into the memory that there is. */

#include "shm/segment.h"

#include "base/unit.h"
#include "shm/ring.h"
#include "shm/staging.h"
#include "shm/xfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

static const struct test {
    int nranks;
    uint64_t have;
    bool fits;
    uint32_t least, most; // pieces of a rank
} tests[] = {
    {1, 64 * MIB, true, 256, 256},
    {4, UINT64_MAX, true, 256, 256},
    {4, 64 * MIB, true, 256, 256},
    {4, 12 * MIB, true, 100, 180},
    {4, 4 * MIB, true, 8, 48},
    {4, 2 * MIB, false, 0, 0},
    {4, 0, false, 0, 0},
    {64, 4096 * MIB, true, 256, 256},
    {64, 100 * MIB, true, 80, 100},
    {1024, 4096 * MIB, true, 32, 32},
    {1024, 256 * MIB, true, 8, 31},
    {1024, 128 * MIB, false, 0, 0},
    {4096, 1024 * MIB, true, 8, 8},
    {4096, 512 * MIB, false, 0, 0},
    {5000, 4096 * MIB, true, 8, 8},
    {10000, 1024 * MIB, false, 0, 0},
    {65536, 16384 * MIB, true, 8, 8},
    {1000000, 512 * 1024 * MIB, true, 8, 8},
    {MAX_RANKS, 4096 * MIB, false, 0, 0},
    {MAX_RANKS, UINT64_MAX, true, 8, 8},
};

// Each part begins where the one before has room for all ranks; a rank's bits have whole lines.
static bool
parts_are_apart(const struct segment *plan)
{
    uint64_t n = plan->nranks;
    uint64_t wanting = plan->wanting_words * sizeof(uint64_t);
    return wanting * 8 >= n && wanting < n / 8 + 2 * CACHE_LINE && wanting % CACHE_LINE == 0 &&
           plan->ranks_at + n * sizeof(struct rank_block) <= plan->wanting_at &&
           plan->wanting_at + n * wanting <= plan->rings_at &&
           plan->rings_at + n * RING_SLOTS * sizeof(struct slot) <= plan->xfers_at &&
           plan->xfers_at + n * XFERS * sizeof(struct xfer) <= plan->pieces_at &&
           plan->pieces_at + n * plan->npieces * sizeof(struct piece) <= plan->payload_at &&
           plan->payload_at + n * plan->npieces * PIECE_SIZE <= plan->heap_at;
}

int
main(void)
{
    int at = 0;
    for (; at < (int)(sizeof tests / sizeof *tests); at++) {
        const struct test *t = &tests[at];
        struct segment plan;
        struct headroom have = {.bytes = t->have, .what = "the limit of this test"};
        char why[256] = "", left[64];
        int err = segment_plan(&plan, t->nranks, &have, why, sizeof why);
        CHECK(err == (t->fits ? 0 : ENOMEM), "case %d", at);
        snprintf(left, sizeof left, "this test leaves %llu KiB", (unsigned long long)t->have >> 10);
        CHECK(t->fits || strstr(why, left), "case %d", at);
        if (!t->fits)
            continue;
        CHECK(plan.npieces >= t->least && plan.npieces <= t->most, "case %d", at);
        uint64_t end = plan.payload_at + (uint64_t)t->nranks * plan.npieces * PIECE_SIZE;
        CHECK(parts_are_apart(&plan) && end <= t->have, "case %d", at);
    }
    return 0;
}
