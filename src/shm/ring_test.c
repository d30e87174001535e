// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The ring with several producing processes: nothing lost, nothing twice, each producer's in order;
 * producers that are killed at any moment block nobody. */

#include "shm/ring.h"

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

static struct slot *
slots_of(int rank)
{
    return (struct slot *)segment_at(view.base, view.base->rings_at) + (size_t)rank * RING_SLOTS;
}

static _Noreturn void
produce(int rank, bool forever)
{
    struct ring_out out = {.block = segment_rank(view.base, 0), .slots = slots_of(0)};
    for (uint64_t n = 1; forever || n <= MESSAGES; n++) {
        uint64_t position;
        struct slot *slot;
        while (!(slot = ring_claim(&out, rank, &position)))
            sched_yield();
        slot->sender = (uint16_t)rank;
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
            printf("message %llu of %d is torn\n", (unsigned long long)slot->size, slot->sender);
            return 1;
        }
    if (slot->size != last[slot->sender] + 1) {
        printf("message %llu of %d after %llu\n", (unsigned long long)slot->size, slot->sender,
               (unsigned long long)last[slot->sender]);
        return 1;
    }
    last[slot->sender]++;
    return 0;
}

static struct ring_in
inbox(void)
{
    return (struct ring_in){
        .segment = view.base, .block = segment_rank(view.base, 0), .slots = slots_of(0)};
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
    struct ring_in in = inbox();
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
    struct ring_in in = inbox();
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

int
main(void)
{
    alarm(50);
    if (nothing_is_lost())
        return 1;
    for (unsigned i = 0; i < 8; i++)
        if (the_dead_block_nobody(1000 + i * 137))
            return 1;
    return 0;
}
