// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/pace.h"

static void
look_again(struct pace *pace, bool direct)
{
    if (direct != pace->direct)
        pace->confirmed = 0;
    else if (pace->confirmed < PACE_DOUBLE)
        pace->confirmed++;
    pace->direct = direct;
    pace->turn = 0;
    pace->best[false] += pace->best[false] / 8;
    pace->best[true] += pace->best[true] / 8;
}

bool
pace_choose(struct pace *pace)
{
    bool direct = pace->best[true] < pace->best[false];
    if (pace->turn == 2 * PACE_TRIES + (PACE_STAY << pace->confirmed))
        look_again(pace, direct);
    int turn = pace->turn++;
    return turn < 2 * PACE_TRIES ? turn >= PACE_TRIES : direct;
}

void
pace_record(struct pace *pace, bool direct, uint64_t size, uint64_t ns)
{
    uint64_t t = (uint64_t)((double)ns * (1 << 20) / (double)size) + 1;
    if (!pace->best[direct] || t < pace->best[direct])
        pace->best[direct] = t;
}
