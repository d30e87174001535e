// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/event.h"

#include "base/clock.h"
#include "core/engine.h"

// Those that wait: first to last, EVENTS at most. Under the engine's lock.
static struct event queue[EVENTS];
static uint64_t first = 1; // numbers
static tally last, dropped[EVENT_KINDS];

void
event_push(enum event_kind kind, int rank, int tag, uint64_t amount)
{
    if (events_last() - first + 1 == EVENTS) {
        tally_add(&dropped[kind], 1);
        return;
    }
    tally_add(&last, 1);
    queue[events_last() % EVENTS] = (struct event){.number = events_last(),
                                                   .time = clock_ns(),
                                                   .amount = amount,
                                                   .rank = rank,
                                                   .tag = tag,
                                                   .kind = kind};
    // release: pairs with the acquire in engine_leave, which then sees the hook.
    atomic_store_explicit(&engine.events_waiting, true, memory_order_release);
}

bool
event_pop(struct event *event)
{
    if (first > events_last())
        return false;
    *event = queue[first++ % EVENTS];
    if (first > events_last())
        atomic_store_explicit(&engine.events_waiting, false, memory_order_relaxed);
    return true;
}

uint64_t
events_last(void)
{
    return tally_value(&last);
}

uint64_t
events_dropped(enum event_kind kind)
{
    return tally_value(&dropped[kind]);
}
