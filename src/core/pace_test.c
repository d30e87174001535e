// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/pace.h"

#include "base/unit.h"

// The ways of `n` messages of 1 MiB that take so long: how many went directly.
static int
send(struct pace *pace, int n, uint64_t staged, uint64_t direct)
{
    int directly = 0;
    for (int i = 0; i < n; i++) {
        bool way = pace_choose(pace);
        directly += way;
        pace_record(pace, way, 1 << 20, way ? direct : staged);
    }
    return directly;
}

static void
check(uint64_t staged, uint64_t direct)
{
    struct pace pace = {0};
    bool better = direct < staged;
    CHECK(send(&pace, 2 * PACE_TRIES, staged, direct) == PACE_TRIES);
    CHECK(send(&pace, PACE_STAY, staged, direct) == (better ? PACE_STAY : 0));
    int n = 1 << 20, directly = send(&pace, n, staged, direct);
    CHECK((better ? n - directly : directly) < n / 500);
}

// Disturbed in each of its first tries of one way, for as long as it takes it and finds it out.
static void
check_disturbed(bool way)
{
    struct pace pace = {0};
    uint64_t fast = 30000, slow = 60000, disturbed = 400000;
    send(&pace, 2 * PACE_TRIES, way ? slow : disturbed, way ? disturbed : slow);
    int wrong = send(&pace, PACE_STAY, way ? slow : fast, way ? fast : slow);
    CHECK(wrong == (way ? 0 : PACE_STAY));
    send(&pace, 2 * PACE_TRIES, way ? slow : fast, way ? fast : slow);
    int right = send(&pace, PACE_STAY, way ? slow : fast, way ? fast : slow);
    CHECK(right == (way ? PACE_STAY : 0));
}

// What was best is forgotten when the other way has become better.
static void
check_changed(void)
{
    struct pace pace = {0};
    send(&pace, 1000, 30000, 40000);
    send(&pace, 200000, 60000, 40000);
    CHECK(send(&pace, 1000, 60000, 40000) > 900);
}

// Chosen before any of them is done: as many of each way.
static void
check_at_once(void)
{
    struct pace pace = {0};
    int directly = 0;
    for (int i = 0; i < 2 * PACE_TRIES; i++)
        directly += pace_choose(&pace);
    CHECK(directly == PACE_TRIES);
    for (int i = 0; i < 2 * PACE_TRIES; i++)
        pace_record(&pace, i >= PACE_TRIES, 1 << 20, 1000);
    CHECK(!pace_choose(&pace)); // as fast: no help of the kernel
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
    check(30000, 39000);
    check(67000, 35000);
    check(0, 1); // a clock that stands still
    check_disturbed(false);
    check_disturbed(true);
    check_changed();
    check_at_once();
    struct pace large = {0};
    pace_record(&large, true, UINT64_C(1) << 62, UINT64_C(1) << 62);
    CHECK(large.best[true] >= 1 << 20);
    return 0;
}
