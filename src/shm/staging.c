// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "shm/staging.h"

#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // Linux 5.14; older ones say EINVAL, and fault page by page
#endif

// Pieces that are looked at before the round grows.
#define TRIES 8

static int
take_known(struct staging *s, bool brief)
{
    uint32_t end = staging_round(s, brief);
    for (uint32_t tries = 0; tries < TRIES && tries < end; tries++) {
        int i = staging_take_next(s, brief ? &s->next_brief : &s->next, end);
        if (i >= 0)
            return i;
    }
    return -1;
}

// Nobody has seen it yet, so it is free. All of its memory is made ready at once: page by page
// would cost half as much again, and each time that a longer message than before comes.
static int
take_fresh(struct staging *s)
{
    uint32_t i = s->round++;
    (void)madvise(staging_payload(s, i), PIECE_SIZE, MADV_POPULATE_WRITE);
    atomic_store_explicit(&s->pieces[i].busy, 1, memory_order_relaxed);
    return (int)i;
}

int
staging_take_slow(struct staging *s, bool brief)
{
    bool due = s->round < STAGING_FIRST || s->taken >= STAGING_GROW;
    uint32_t most = brief && s->npieces > STAGING_BRIEF ? STAGING_BRIEF : s->npieces;
    if (due) {
        s->taken = 0;
        if (s->round < most)
            return take_fresh(s);
    }
    int i = take_known(s, brief);
    if (i < 0 && brief)
        i = take_known(s, false);
    return i < 0 && s->round < s->npieces ? take_fresh(s) : i;
}
