// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "part/box.h"

#include "shm/arena.h"

// Boxes that receivers have not emptied, in the order in which they were left or looked at.
static struct box *left, **left_end = &left;

// A sender that is far ahead leaves very many: each time only a few are looked at.
#define LOOKS 4

static void
leave(struct box *box)
{
    box->next = NULL;
    *left_end = box;
    left_end = &box->next;
}

// acquire: the receiver's loads are over; pairs with its release when it has taken a round.
static bool
is_taken(const struct box *box)
{
    return atomic_load_explicit(&box->rounds, memory_order_acquire) >= box->last;
}

static void
boxes_reap(void)
{
    struct box *box;
    for (int i = 0; i < LOOKS && (box = left); i++) {
        if (!(left = box->next))
            left_end = &left;
        if (is_taken(box))
            arena_free(engine.seg, box_offset(box));
        else
            leave(box);
    }
}

struct box *
box_new(const struct envelope *e, int partitions)
{
    char why[200];
    const struct peer *peer = peer_get(e->comm->peers[e->rank]);
    if (partitions < 2 || !e->size || e->size > BOX_EACH || !peer->other ||
        e->size * (uint64_t)partitions > BOX_MOST)
        return NULL;
    boxes_reap();
    uint64_t size = box_head(partitions) + e->size * (uint64_t)partitions;
    uint64_t at = arena_alloc(engine.seg, size, why, sizeof why);
    if (!at)
        return NULL;
    struct box *box = segment_at(engine.seg, at);
    atomic_init(&box->put, 0);
    atomic_init(&box->rounds, 0);
    return box;
}

void
box_leave(struct box *box, uint64_t rounds)
{
    box->last = rounds;
    leave(box);
    boxes_reap();
}
