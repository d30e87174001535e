// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/pace.h"

void
pace_record(struct pace *pace, bool direct, uint64_t size, uint64_t ns)
{
    uint64_t t = (uint64_t)((double)ns * (1 << 20) / (double)size) + 1;
    if (!pace->best[direct] || t < pace->best[direct])
        pace->best[direct] = t;
    pace->turns++;
}
