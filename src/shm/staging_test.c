// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Which pieces messages get, and when a piece's memory is made ready. */

#include "shm/staging.h"

#include "base/unit.h"

#include <string.h>
#include <sys/mman.h>

#define MOST 256

// Where the rounds stand, how many pieces are busy; what is taken, and the round then.
static const struct test {
    uint32_t npieces;
    bool brief; // a message that is handed over
    uint32_t round, taken, next, next_brief, busy_from, busy;
    int got;
    uint32_t then;
} tests[] = {
    // It begins with fresh pieces,
    {256, false, 0, 0, 0, 0, 0, 0, 0, 1},
    {256, true, 7, 0, 0, 0, 0, 0, 7, 8},
    {8, true, 7, 0, 0, 0, 0, 0, 7, 8},
    // goes round,
    {256, false, 8, 0, 3, 5, 0, 0, 3, 8},
    {256, true, 8, 0, 3, 5, 0, 0, 5, 8},
    {256, false, 8, 0, 7, 0, 7, 1, 0, 8},
    {256, true, 100, 0, 80, 63, 63, 1, 0, 100},
    {8, true, 8, 0, 3, 7, 7, 1, 0, 8},
    // grows by and by,
    {256, false, 8, STAGING_GROW - 2, 3, 0, 0, 0, 3, 8},
    {256, false, 8, STAGING_GROW - 1, 3, 0, 0, 0, 8, 9},
    {256, true, 63, STAGING_GROW - 1, 3, 0, 0, 0, 63, 64},
    {256, true, 64, STAGING_GROW - 1, 3, 4, 0, 0, 4, 64},
    {256, false, 256, STAGING_GROW - 1, 3, 0, 0, 0, 3, 256},
    // and when it is in use: of what is brief, all of it.
    {256, false, 8, 0, 0, 0, 0, 8, 8, 9},
    {256, false, 100, 0, 10, 0, 10, 7, 17, 100},
    {256, false, 100, 0, 10, 0, 10, 9, 100, 101},
    {256, true, 100, 0, 80, 5, 5, 9, 80, 100},
    {256, false, 256, 0, 10, 0, 10, 9, -1, 256},
    {8, true, 8, 0, 3, 7, 0, 8, -1, 8},
};

static void
take(const struct test *t, int at, struct staging *s)
{
    *s = (struct staging){.pieces = s->pieces,
                          .payload = s->payload,
                          .npieces = t->npieces,
                          .round = t->round,
                          .taken = t->taken,
                          .next = t->next,
                          .next_brief = t->next_brief};
    for (uint32_t i = 0; i < MOST; i++)
        atomic_store(&s->pieces[i].busy, 0);
    for (uint32_t i = 0; i < t->busy; i++)
        atomic_store(&s->pieces[(t->busy_from + i) % t->npieces].busy, 1);
    int got = staging_take(s, t->brief);
    CHECK(got == t->got, "case %d: %d", at, got);
    CHECK(s->round == t->then && s->taken < STAGING_GROW, "case %d: %u", at, s->round);
    if (got < 0)
        return;
    CHECK(atomic_load(&s->pieces[got].busy) == 1, "case %d", at);
    memset(staging_payload(s, (uint32_t)got), 1, PIECE_SIZE);
    staging_give_back(s, (uint32_t)got);
    CHECK(atomic_load(&s->pieces[got].busy) == 0, "case %d", at);
}

int
main(void)
{
    static struct piece pieces[MOST];
    void *payload = mmap(NULL, (size_t)MOST * PIECE_SIZE, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(payload != MAP_FAILED, "no memory");
    struct staging s = {.pieces = pieces, .payload = payload};
    for (int at = 0; at < (int)(sizeof tests / sizeof *tests); at++)
        take(&tests[at], at, &s);
    return 0;
}
