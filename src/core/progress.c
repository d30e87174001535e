// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/message.h"

// Messages taken from the ring before the call that polls looks at its own condition again.
#define BATCH 64

static bool
inbox_progress(void)
{
    int n = 0;
    for (struct slot *slot; n < BATCH && (slot = ring_peek(&engine.inbox)); n++) {
        if (unlikely(!message_deliver(slot)))
            break;
        ring_pop(&engine.inbox);
    }
    return n > 0;
}

bool
progress_poll(void)
{
    if (unlikely(!engine.seg))
        return false;
    bool moved = inbox_progress();
    if (unlikely(engine.receiving || engine.outgoing_count || engine.deferred))
        moved |= message_progress();
    if (unlikely(engine.tasks != NULL))
        moved |= tasks_step();
    return moved;
}
