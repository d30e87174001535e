// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Points in time at which the launcher does something, in nanoseconds of the monotonic clock. */
#ifndef MUSTER_LAUNCHER_DEADLINE_H
#define MUSTER_LAUNCHER_DEADLINE_H

#include "base/clock.h"

#define MILLISECOND INT64_C(1000000)
#define SECOND      INT64_C(1000000000)
#define NEVER       INT64_MAX

static inline int64_t
now_ns(void)
{
    return (int64_t)clock_ns();
}

static inline int64_t
earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Milliseconds until `when`, rounded up, as poll and epoll_wait want them; -1 for NEVER. */
static inline int
milliseconds_until(int64_t when)
{
    if (when == NEVER)
        return -1;
    int64_t left = (when - now_ns() + MILLISECOND - 1) / MILLISECOND;
    return left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

#endif
