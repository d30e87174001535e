// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "shm/arena.h"

#include "base/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct segment_view view = {.fd = -1};
static char why[256];

static void
open_segment(int nranks)
{
    if (view.base)
        segment_unmap(&view);
    CHECK(segment_create(&view, nranks, why, sizeof why) == 0);
}

static bool
all_bytes(const unsigned char *p, size_t n, unsigned char value)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != value)
            return false;
    return true;
}

static void
blocks_are_aligned_and_inside(void)
{
    open_segment(2);
    static const uint64_t sizes[] = {0, 1, 63, 64, 65, 512, 513, 640, 641, 4096, 40000, 65535};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t at = arena_alloc(view.base, sizes[i], why, sizeof why);
        CHECK(at >= view.base->heap_at && at % 64 == 0);
        CHECK(at + sizes[i] <= atomic_load(&view.base->heap_top));
    }
    static const uint64_t large[] = {65536, 65537, 1 << 20, 5 << 20};
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        CHECK(arena_alloc(view.base, large[i], why, sizeof why) % 4096 == 0);
}

static void
only_own_blocks_are_taken_back(void)
{
    open_segment(2);
    uint64_t small = arena_alloc(view.base, 100, why, sizeof why);
    uint64_t large = arena_alloc(view.base, 100000, why, sizeof why);
    CHECK(!arena_free(view.base, 0));
    CHECK(!arena_free(view.base, small + 64));
    CHECK(!arena_free(view.base, large + 4096));
    CHECK(!arena_free(view.base, view.base->size - 64));
    CHECK(arena_free(view.base, small) && !arena_free(view.base, small));
    CHECK(arena_free(view.base, large) && !arena_free(view.base, large));
}

static void
the_end_of_the_heap_is_an_answer(void)
{
    open_segment(1);
    uint64_t heap = view.base->size - view.base->heap_at;
    CHECK(arena_alloc(view.base, heap + 1, why, sizeof why) == 0);
    CHECK(strstr(why, "KiB") || strstr(why, "MiB"));
    CHECK(arena_alloc(view.base, UINT64_MAX - 5, why, sizeof why) == 0);
    uint64_t at = arena_alloc(view.base, 100, why, sizeof why);
    CHECK(at != 0 && arena_free(view.base, at));
}

static void
freed_memory_is_reused(void)
{
    open_segment(1);
    uint64_t first = arena_alloc(view.base, 1 << 20, why, sizeof why);
    uint64_t second = arena_alloc(view.base, 1 << 20, why, sizeof why);
    uint64_t top = atomic_load(&view.base->heap_top);
    arena_free(view.base, first);
    arena_free(view.base, second); // joined: two MiB in a row
    CHECK(arena_alloc(view.base, 2 << 20, why, sizeof why) == first);
    for (int i = 0; i < 100000; i++) {
        uint64_t at = arena_alloc(view.base, 3000, why, sizeof why);
        CHECK(at && arena_free(view.base, at));
    }
    CHECK(atomic_load(&view.base->heap_top) <= top + (1 << 20));
}

#define LIVE 400

struct live {
    uint64_t at, size;
    unsigned char value;
};

static void
step(struct live *l, unsigned seed)
{
    unsigned char *p = segment_at(view.base, l->at);
    if (l->at) {
        CHECK(all_bytes(p, l->size, l->value));
        CHECK(arena_free(view.base, l->at));
        l->at = 0;
        return;
    }
    l->size = seed % 5 ? 1 + seed % 9000 : 1 + seed % 400000;
    l->value = (unsigned char)(seed >> 8 | 1);
    l->at = arena_alloc(view.base, l->size, why, sizeof why);
    CHECK(l->at != 0);
    p = segment_at(view.base, l->at);
    CHECK(all_bytes(p, l->size, 0));
    memset(p, l->value, l->size);
}

// Blocks of any size come and go; none overlaps another, and each is zero when it comes.
static void
come_and_go(unsigned seed)
{
    static struct live live[LIVE];
    for (int i = 0; i < 6000; i++) {
        seed = seed * 1103515245 + 12345;
        step(&live[(seed >> 16) % LIVE], seed >> 4);
    }
    for (int i = 0; i < LIVE; i++)
        if (live[i].at)
            step(&live[i], 0);
}

static void
several_processes_share_the_heap(void)
{
    open_segment(3);
    pid_t pids[3];
    for (int r = 0; r < 3; r++) {
        if ((pids[r] = fork()) == 0) {
            come_and_go(77u + (unsigned)r);
            _exit(0);
        }
        CHECK(pids[r] > 0);
    }
    for (int r = 0; r < 3; r++) {
        int status;
        CHECK(waitpid(pids[r], &status, 0) == pids[r] && status == 0);
    }
}

int
main(void)
{
    blocks_are_aligned_and_inside();
    only_own_blocks_are_taken_back();
    the_end_of_the_heap_is_an_answer();
    freed_memory_is_reused();
    several_processes_share_the_heap();
    segment_unmap(&view);
    printf("ok\n");
    return 0;
}
