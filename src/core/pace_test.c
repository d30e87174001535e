// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/pace.h"

#include "base/unit.h"

// Ways taken when staging and direct copies of 1 MiB take so long, the first
// message of each longer.
static void
check(uint64_t staged, uint64_t direct, bool want)
{
    struct pace pace = {0};
    int taken[2] = {0};
    for (int i = 0; i < 100; i++) {
        bool way = pace_direct(&pace);
        uint64_t ns = way ? direct : staged;
        pace_record(&pace, way, 1 << 20, taken[way]++ == 0 ? ns * 10 : ns);
    }
    CHECK(taken[!want] == PACE_TRIES);
    CHECK(taken[want] == 100 - PACE_TRIES);
}

int
main(void)
{
    static const struct {
        uint64_t size;
        int class;
    } classes[] = {{PACE_FROM, 0},
                   {2 * PACE_FROM - 1, 0},
                   {2 * PACE_FROM, 1},
                   {32 * PACE_FROM, 5},
                   {PACE_ALWAYS - 1, PACE_CLASSES - 1}};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        CHECK(pace_class(classes[i].size) == classes[i].class);
    check(30000, 39000, false);
    check(67000, 35000, true);
    check(0, 1, false); // a clock that stands still
    struct pace large = {0};
    pace_record(&large, true, UINT64_C(1) << 62, UINT64_C(1) << 62);
    CHECK(large.best[true] >= 1 << 20);
    return 0;
}
