// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/handle.h"

#include <stdlib.h>
#include <string.h>

struct pool pools[HANDLE_KINDS];

struct object *
pool_at(const struct pool *pool, uint32_t index)
{
    char *p = pool->chunks[index / HANDLE_CHUNK] + (size_t)(index % HANDLE_CHUNK) * pool->size;
    return (struct object *)(void *)p;
}

static bool
pool_grow(struct pool *pool)
{
    uint32_t n = pool->count / HANDLE_CHUNK;
    if (pool->count >> HANDLE_INDEX_BITS)
        return false;
    char **chunks = realloc(pool->chunks, (n + 1) * sizeof *chunks);
    if (!chunks)
        return false;
    pool->chunks = chunks;
    chunks[n] = aligned_alloc(CACHE_LINE, (size_t)HANDLE_CHUNK * pool->size);
    if (!chunks[n])
        return false;
    memset(chunks[n], 0, (size_t)HANDLE_CHUNK * pool->size);
    pool->count += HANDLE_CHUNK;
    for (uint32_t i = pool->count; i-- > pool->count - HANDLE_CHUNK;) {
        struct object *o = pool_at(pool, i);
        o->index = i;
        o->next = pool->free;
        pool->free = o;
    }
    return true;
}

void *
pool_alloc(enum handle_kind kind, size_t size)
{
    struct pool *pool = &pools[kind];
    if (unlikely(!pool->free)) {
        pool->size = (uint32_t)align_up(size, CACHE_LINE);
        if (!pool_grow(pool))
            return NULL;
    }
    struct object *o = pool->free;
    pool->free = o->next;
    pool->live++;
    o->generation++;
    o->next = NULL;
    memset(o + 1, 0, size - sizeof *o);
    return o;
}

void
pool_free(enum handle_kind kind, void *object)
{
    struct pool *pool = &pools[kind];
    struct object *o = object;
    o->generation++;
    o->next = pool->free;
    pool->free = o;
    pool->live--;
}

uintptr_t
handle_from_low(enum handle_kind kind, uint32_t low)
{
    const struct pool *pool = &pools[kind];
    uint32_t index = low & ((1u << HANDLE_INDEX_BITS) - 1);
    if (low >> HANDLE_INDEX_BITS != (uint32_t)kind || index >= pool->count)
        return 0;
    const struct object *o = pool_at(pool, index);
    return o->generation & 1 ? handle_of(kind, o) : 0;
}
