// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The ring with several producing processes: nothing lost, nothing twice, each producer's in order;
 * producers that are killed at any moment block nobody. */

#include "shm/ring.h"

#include "base/unit.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRODUCERS 3
#define MESSAGES  20000

static struct segment_view view;

static _Noreturn void
produce(int rank, bool forever)
{
    struct ring_out out = ring_out_of(view.base, 0);
    for (uint64_t n = 1; forever || n <= MESSAGES; n++) {
        uint64_t position;
        struct slot *slot;
        while (!(slot = ring_claim(&out, rank, &position)))
            sched_yield();
        slot->sender = (uint32_t)rank;
        slot->size = n;
        memset(slot->data, (int)(n & 0xff), sizeof slot->data);
        ring_publish(slot, position);
    }
    _exit(0);
}

static int
check_slot(const struct slot *slot, uint64_t *last)
{
    for (size_t i = 0; i < sizeof slot->data; i++)
        if (slot->data[i] != (slot->size & 0xff)) {
            printf("message %llu of %u is torn\n", (unsigned long long)slot->size, slot->sender);
            return 1;
        }
    if (slot->size != last[slot->sender] + 1) {
        printf("message %llu of %u after %llu\n", (unsigned long long)slot->size, slot->sender,
               (unsigned long long)last[slot->sender]);
        return 1;
    }
    last[slot->sender]++;
    return 0;
}

static int
start(void)
{
    char why[256];
    if (segment_create(&view, PRODUCERS + 1, why, sizeof why) == 0)
        return 0;
    printf("%s\n", why);
    return 1;
}

static int
nothing_is_lost(void)
{
    uint64_t last[PRODUCERS + 1] = {0}, left = (uint64_t)PRODUCERS * MESSAGES;
    if (start())
        return 1;
    for (int r = 1; r <= PRODUCERS; r++)
        if (fork() == 0)
            produce(r, false);
    struct ring_in in = ring_in_of(view.base, 0);
    for (struct slot *slot; left; left--) {
        while (!(slot = ring_peek(&in)))
            sched_yield();
        if (check_slot(slot, last))
            return 1;
        ring_pop(&in);
    }
    while (wait(NULL) > 0)
        ;
    segment_unmap(&view);
    return 0;
}

// Two producers are killed while they work; what the third sends comes through.
static int
the_dead_block_nobody(unsigned delay)
{
    uint64_t last[PRODUCERS + 1] = {0};
    pid_t pids[PRODUCERS + 1];
    if (start())
        return 1;
    for (int r = 1; r <= PRODUCERS; r++)
        if ((pids[r] = fork()) == 0)
            produce(r, r != PRODUCERS);
    struct ring_in in = ring_in_of(view.base, 0);
    int killed = 0;
    for (uint64_t taken = 0; last[PRODUCERS] < MESSAGES; taken++) {
        struct slot *slot;
        while (!(slot = ring_peek(&in)))
            if (!ring_skip_dead(&in))
                sched_yield();
        if (check_slot(slot, last))
            return 1;
        ring_pop(&in);
        if (killed < PRODUCERS - 1 && taken > delay * (uint64_t)(killed + 1)) {
            int r = ++killed;
            kill(pids[r], SIGKILL);
            waitpid(pids[r], NULL, 0);
            atomic_store_explicit(&segment_rank(view.base, r)->ended, 1, memory_order_release);
        }
    }
    while (wait(NULL) > 0)
        ;
    segment_unmap(&view);
    return 0;
}

// A claim holds the highest rank and any lap: a producer of an older lap cannot take the slot, one
// of the next can, and the rank is the one that is looked at when its process has ended.
static int
a_claim_holds_any_rank(void)
{
    static const uint64_t laps[] = {0, 1, (UINT64_C(1) << 42) - 3};
    if (start())
        return 1;
    struct ring_out out = ring_out_of(view.base, 0);
    for (size_t i = 0; i < sizeof laps / sizeof *laps; i++) {
        uint64_t position, at = laps[i] * RING_SLOTS + 5;
        atomic_store(&out.block->tail, at);
        atomic_store(&out.block->head, at);
        CHECK(ring_claim(&out, MAX_RANKS - 1, &position) == &out.slots[5] && position == at, " ");
        atomic_store(&out.block->tail, at);
        CHECK(ring_claim(&out, 0, &position) == &out.slots[6] && position == at + 1, " ");
        CHECK(ring_lap(at) == ring_lap(at + 1) && ring_lap(at) < ring_lap(at + RING_SLOTS), " ");
        CHECK((ring_lap(at) | (MAX_RANKS - 1)) < ring_lap(at + RING_SLOTS), " ");
    }
    segment_unmap(&view);
    return 0;
}

// In a job of 5,000 ranks the bits of those that wait have the room they need.
static int
many_want_space(void)
{
    enum { RANKS = 5000 };
    char why[256];
    CHECK(segment_create(&view, RANKS, why, sizeof why) == 0, "%s", why);
    struct ring_out out = ring_out_of(view.base, 1);
    struct ring_in in = ring_in_of(view.base, 1);
    for (int r = 0; r < RANKS; r += 7)
        ring_want_space(&out, r);
    CHECK(!*segment_wanting(view.base, 0) && !*segment_wanting(view.base, 2), "another's bits");
    ring_publish_head(&in);
    for (int r = 0; r < RANKS; r++) {
        uint32_t bell = atomic_load(&segment_rank(view.base, r)->bell);
        CHECK(bell == (r % 7 == 0), "the bell of %d rang %u times", r, bell);
    }
    for (uint32_t w = 0; w < view.base->wanting_words; w++)
        CHECK(out.wanting[w] == 0, "word %u", w);
    segment_unmap(&view);
    return 0;
}

int
main(void)
{
    alarm(50);
    if (a_claim_holds_any_rank() || many_want_space())
        return 1;
    if (nothing_is_lost())
        return 1;
    for (unsigned i = 0; i < 8; i++)
        if (the_dead_block_nobody(1000 + i * 137))
            return 1;
    return 0;
}
