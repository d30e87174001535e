// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What a process has of the heap is a list of extents, sorted by address: each is free, one large
 * block, or a slab of equal small blocks. Free neighbours are joined. All of this book-keeping is
 * private memory: in the segment a process that dies, or one that writes where it should not,
 * leaves nothing that another allocator would read.
 *
 * Free extents read as zero: they come fresh from the file or have been punched. Blocks of a slab
 * are cleared when they are handed out.
 */
#include "shm/arena.h"

#include "base/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_SIZE  4096u
#define LARGE      (64u * 1024)
#define SLAB_SIZE  (256u * 1024)
#define CHUNK_SIZE (1024u * 1024) // least that is taken from the common heap
#define CLASSES    36
#define SLAB_WORDS (SLAB_SIZE / CACHE_LINE / 64)

struct slab {
    uint32_t size; // of a block
    uint32_t blocks, used;
    uint32_t sizeclass;
    uint64_t at;
    struct slab *next, *prev; // of those of this class that have room
    bool listed;
    uint64_t taken[SLAB_WORDS];
};

struct extent {
    uint64_t at, size;
    struct slab *slab;
    bool used;
};

// What this process has of one segment.
static struct arena {
    struct segment *seg;
    uint64_t job; // its identity: another one may be mapped at the same address
    struct extent *extents;
    size_t count, room;
    struct slab *slabs[CLASSES];
} arena;

/* ---- extents ---- */

// The last extent that begins at or before `at`; count if there is none.
static size_t
find_extent(uint64_t at)
{
    size_t low = 0, high = arena.count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (arena.extents[mid].at <= at)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? low - 1 : arena.count;
}

static bool
insert_extent(size_t i, struct extent e)
{
    if (arena.count == arena.room) {
        size_t room = arena.room ? arena.room * 2 : 64;
        struct extent *more = realloc(arena.extents, room * sizeof *more);
        if (!more)
            return false;
        arena.extents = more;
        arena.room = room;
    }
    memmove(&arena.extents[i + 1], &arena.extents[i], (arena.count - i) * sizeof e);
    arena.extents[i] = e;
    arena.count++;
    return true;
}

static void
remove_extent(size_t i)
{
    arena.count--;
    memmove(&arena.extents[i], &arena.extents[i + 1], (arena.count - i) * sizeof arena.extents[0]);
}

// Join extent i with the next one if both are free and adjacent.
static void
join_next(size_t i)
{
    if (i + 1 >= arena.count)
        return;
    struct extent *a = &arena.extents[i], *b = a + 1;
    if (a->used || b->used || a->at + a->size != b->at)
        return;
    a->size += b->size;
    remove_extent(i + 1);
}

// Take `size` bytes off the common heap; 0 when it ends before.
static uint64_t
take_heap(struct segment *seg, uint64_t size)
{
    uint64_t top = atomic_load_explicit(&seg->heap_top, memory_order_relaxed);
    do {
        if (size > seg->size - top)
            return 0;
    } while (!atomic_compare_exchange_weak_explicit(&seg->heap_top, &top, top + size,
                                                    memory_order_relaxed, memory_order_relaxed));
    return top;
}

// The place of a free extent of at least `size` bytes; count if the heap has no more.
static size_t
free_extent(struct segment *seg, uint64_t size)
{
    for (size_t i = 0; i < arena.count; i++)
        if (!arena.extents[i].used && arena.extents[i].size >= size)
            return i;
    uint64_t chunk = size < CHUNK_SIZE ? CHUNK_SIZE : size, at = take_heap(seg, chunk);
    if (!at && chunk > size)
        at = take_heap(seg, chunk = size);
    if (!at)
        return arena.count;
    size_t i = find_extent(at);
    i = i == arena.count ? 0 : i + 1;
    if (!insert_extent(i, (struct extent){.at = at, .size = chunk}))
        return arena.count; // the chunk is lost, but so is the process's memory
    if (i > 0)
        join_next(i - 1);
    return find_extent(at);
}

static int
check_memory(uint64_t size, char *why, size_t n)
{
    char what[160];
    uint64_t have = memory_headroom(what, sizeof what);
    if (size <= have)
        return 0;
    snprintf(why, n, "%llu KiB of shared memory are wanted, but %s leaves %llu KiB",
             (unsigned long long)(size >> 10), what, (unsigned long long)(have >> 10));
    return -1;
}

// A used extent of exactly `size` bytes (a multiple of the page); count and `why` if there is none.
static size_t
take_extent(struct segment *seg, uint64_t size, char *why, size_t n)
{
    if (check_memory(size, why, n) != 0)
        return arena.count;
    size_t i = free_extent(seg, size);
    if (i == arena.count) {
        snprintf(why, n,
                 "%llu KiB of shared memory are wanted, but the heap of %llu MiB is used up",
                 (unsigned long long)(size >> 10),
                 (unsigned long long)((seg->size - seg->heap_at) >> 20));
        return i;
    }
    struct extent rest = arena.extents[i];
    if (rest.size > size) {
        rest.at += size;
        rest.size -= size;
        if (!insert_extent(i + 1, rest)) {
            snprintf(why, n, "no memory for the list of shared blocks");
            return arena.count;
        }
        arena.extents[i].size = size;
    }
    arena.extents[i].used = true;
    return i;
}

// Punch the pages out of the file, so that they cost nothing and read as zero.
static void
give_extent(size_t i)
{
    struct extent *e = &arena.extents[i];
    void *p = segment_at(arena.seg, e->at);
    if (madvise(p, e->size, MADV_REMOVE) != 0)
        memset(p, 0, e->size);
    e->used = false;
    e->slab = NULL;
    join_next(i);
    if (i > 0)
        join_next(i - 1);
}

/* ---- slabs ---- */

// Eight steps of a line, then four for each doubling: 64, 128 .. 512, 640, 768, 896, 1024, 1280 ..
static uint32_t
class_of(uint64_t size)
{
    uint32_t lines = (uint32_t)((size + CACHE_LINE - 1) / CACHE_LINE);
    if (lines <= 8)
        return lines - 1;
    uint32_t top = 31 - (uint32_t)__builtin_clz(lines - 1); // 2^top < lines <= 2^(top + 1)
    uint32_t step = (lines - 1 - (1u << top)) >> (top - 2);
    return 8 + (top - 3) * 4 + step;
}

static uint32_t
class_size(uint32_t c)
{
    if (c < 8)
        return (c + 1) * CACHE_LINE;
    uint32_t top = 3 + (c - 8) / 4, step = (c - 8) % 4;
    return ((1u << top) + ((step + 1) << (top - 2))) * CACHE_LINE;
}

static void
list_slab(struct slab *slab)
{
    struct slab **head = &arena.slabs[slab->sizeclass];
    slab->prev = NULL;
    slab->next = *head;
    if (*head)
        (*head)->prev = slab;
    *head = slab;
    slab->listed = true;
}

static void
unlist_slab(struct slab *slab)
{
    if (slab->prev)
        slab->prev->next = slab->next;
    else
        arena.slabs[slab->sizeclass] = slab->next;
    if (slab->next)
        slab->next->prev = slab->prev;
    slab->listed = false;
}

static struct slab *
new_slab(struct segment *seg, uint32_t sizeclass, char *why, size_t n)
{
    struct slab *slab = calloc(1, sizeof *slab);
    if (!slab) {
        snprintf(why, n, "no memory for the list of shared blocks");
        return NULL;
    }
    size_t i = take_extent(seg, SLAB_SIZE, why, n);
    if (i == arena.count) {
        free(slab);
        return NULL;
    }
    arena.extents[i].slab = slab;
    slab->sizeclass = sizeclass;
    slab->size = class_size(sizeclass);
    slab->blocks = SLAB_SIZE / slab->size;
    slab->at = arena.extents[i].at;
    list_slab(slab);
    return slab;
}

static uint64_t
take_block(struct segment *seg, struct slab *slab)
{
    uint32_t word = 0;
    while (~slab->taken[word] == 0)
        word++;
    uint32_t bit = (uint32_t)__builtin_ctzll(~slab->taken[word]);
    slab->taken[word] |= UINT64_C(1) << bit;
    if (++slab->used == slab->blocks)
        unlist_slab(slab);
    uint64_t at = slab->at + (uint64_t)(word * 64 + bit) * slab->size;
    memset(segment_at(seg, at), 0, slab->size);
    return at;
}

static bool
give_block(size_t extent, uint64_t at)
{
    struct slab *slab = arena.extents[extent].slab;
    uint64_t i = (at - slab->at) / slab->size;
    if (slab->at + i * slab->size != at || i >= slab->blocks ||
        !(slab->taken[i / 64] >> (i % 64) & 1))
        return false;
    slab->taken[i / 64] &= ~(UINT64_C(1) << (i % 64));
    slab->used--;
    if (!slab->listed)
        list_slab(slab);
    // The last slab of a class with room stays: blocks come and go one by one.
    if (slab->used == 0 && (slab->prev || slab->next)) {
        unlist_slab(slab);
        give_extent(extent);
        free(slab);
    }
    return true;
}

/* ---- the interface ---- */

// A process has one segment at a time; what it had of an earlier one went with that.
static void
use_segment(struct segment *seg)
{
    for (size_t i = 0; i < arena.count; i++)
        free(arena.extents[i].slab);
    free(arena.extents);
    arena = (struct arena){.seg = seg, .job = seg->job};
}

uint64_t
arena_alloc(struct segment *seg, uint64_t size, char *why, size_t n)
{
    if (unlikely(arena.seg != seg || arena.job != seg->job))
        use_segment(seg);
    if (size == 0)
        size = 1;
    if (size >= LARGE) {
        if (size > seg->size) {
            snprintf(why, n, "%llu MiB of shared memory are wanted, but the heap has %llu MiB",
                     (unsigned long long)(size >> 20),
                     (unsigned long long)((seg->size - seg->heap_at) >> 20));
            return 0;
        }
        size_t i = take_extent(seg, align_up(size, PAGE_SIZE), why, n);
        return i == arena.count ? 0 : arena.extents[i].at;
    }
    uint32_t sizeclass = class_of(size);
    struct slab *slab = arena.slabs[sizeclass];
    if (!slab && !(slab = new_slab(seg, sizeclass, why, n)))
        return 0;
    return take_block(seg, slab);
}

bool
arena_free(struct segment *seg, uint64_t offset)
{
    size_t i = arena.seg == seg ? find_extent(offset) : arena.count;
    if (i == arena.count || !arena.extents[i].used)
        return false;
    struct extent *e = &arena.extents[i];
    if (e->slab)
        return offset < e->at + e->size && give_block(i, offset);
    if (offset != e->at)
        return false;
    give_extent(i);
    return true;
}
