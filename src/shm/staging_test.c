// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Which pieces messages get, and when a piece's memory is made ready. */

#include "shm/staging.h"

#include "base/unit.h"

#include <string.h>
#include <sys/mman.h>

#define MOST 256

// Where the rounds stand, how many pieces from there on are busy, and what is taken.
static const struct test {
    uint32_t npieces;
    bool brief; // a message that is handed over
    uint32_t next, next_short, busy_from, busy;
    int taken;
    uint32_t fresh; // then
} tests[] = {
    {256, false, 0, 0, 0, 0, 0, 1},      {256, false, 255, 0, 0, 0, 255, 256},
    {256, false, 254, 0, 254, 3, 1, 2},  {256, false, 10, 0, 10, 7, 17, 18},
    {256, false, 10, 0, 10, 8, -1, 0},   {256, true, 100, 0, 0, 0, 0, 1},
    {256, true, 100, 63, 0, 0, 63, 64},  {256, true, 100, 63, 63, 1, 0, 1},
    {256, true, 100, 5, 5, 8, 100, 101}, // of all pieces, then
    {256, true, 5, 5, 5, 16, -1, 0},     {8, true, 3, 7, 7, 1, 0, 1},
    {8, true, 3, 7, 0, 8, -1, 0},
};

static void
take(const struct test *t, int at, struct staging *s)
{
    *s = (struct staging){.pieces = s->pieces,
                          .payload = s->payload,
                          .npieces = t->npieces,
                          .next = t->next,
                          .next_short = t->next_short};
    for (uint32_t i = 0; i < MOST; i++)
        atomic_store(&s->pieces[i].busy, 0);
    for (uint32_t i = 0; i < t->busy; i++)
        atomic_store(&s->pieces[(t->busy_from + i) % t->npieces].busy, 1);
    int got = t->brief ? staging_take_short(s) : staging_take(s);
    CHECK(got == t->taken, "case %d: %d", at, got);
    CHECK(s->fresh == t->fresh, "case %d: %u", at, s->fresh);
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
