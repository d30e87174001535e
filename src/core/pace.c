// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/pace.h"

static void
look_again(struct pace *pace)
{
    pace->turn = 0;
    if (pace->looks < PACE_DOUBLE)
        pace->looks++;
    pace->best[false] += pace->best[false] / 8;
    pace->best[true] += pace->best[true] / 8;
}

bool
pace_choose(struct pace *pace)
{
    if (pace->turn == 2 * PACE_TRIES + (PACE_STAY << pace->looks))
        look_again(pace);
    int turn = pace->turn++;
    return turn < 2 * PACE_TRIES ? turn >= PACE_TRIES : pace->best[true] < pace->best[false];
}

void
pace_record(struct pace *pace, bool direct, uint64_t size, uint64_t ns)
{
    uint64_t t = (uint64_t)((double)ns * (1 << 20) / (double)size) + 1;
    if (!pace->best[direct] || t < pace->best[direct])
        pace->best[direct] = t;
}
