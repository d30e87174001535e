// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Handles of created objects.
 *
 * A handle is not an address: its low 31 bits are kind and index, its high 32 bits the generation
 * of the slot. A slot's generation is odd while the object lives and even while it is free, and
 * grows at each step, so one comparison tells a live handle from a freed, foreign or wild one.
 * Objects never move. Predefined handles are the small values of the standard ABI and never reach
 * this table; no created handle has a low word below 4096.
 */
#ifndef MUSTER_CORE_HANDLE_H
#define MUSTER_CORE_HANDLE_H

#include "base/base.h"

enum handle_kind {
    HANDLE_COMM = 1,
    HANDLE_GROUP,
    HANDLE_TYPE,
    HANDLE_OP,
    HANDLE_REQUEST,
    HANDLE_MESSAGE,
    HANDLE_ERRHANDLER,
    HANDLE_INFO,
    HANDLE_WIN,
    HANDLE_FILE,
    HANDLE_SESSION,
    HANDLE_TOOL, // all of MPI_T (src/tool)
    HANDLE_KINDS
};

#define HANDLE_INDEX_BITS 27
#define HANDLE_CHUNK      256

/* First member of each object that has a handle. */
struct object {
    uint32_t generation; // odd: live
    uint32_t index;
    struct object *next; // in the free list
};

struct pool {
    char **chunks;  // HANDLE_CHUNK objects each
    uint32_t count; // objects in all chunks
    uint32_t size;  // bytes of one object
    uint32_t live;  // objects in use
    struct object *free;
};

/* A zeroed object (but for its struct object), live; NULL when memory is out. */
void *pool_alloc(enum handle_kind kind, size_t size);

/* End the object's life; its handles become invalid. */
void pool_free(enum handle_kind kind, void *object);

/* The object in a slot, live or not: index < pool->count. */
struct object *pool_at(const struct pool *pool, uint32_t index);

extern struct pool pools[HANDLE_KINDS];

static inline uintptr_t
handle_of(enum handle_kind kind, const void *object)
{
    const struct object *o = (const struct object *)object;
    return (uintptr_t)o->generation << 32 | (uintptr_t)kind << HANDLE_INDEX_BITS | o->index;
}

/* The live object of a created handle, or NULL. Predefined handles give NULL as well. */
static inline void *
handle_get(enum handle_kind kind, const void *handle)
{
    uintptr_t h = (uintptr_t)handle;
    uint32_t low = (uint32_t)h;
    uint32_t index = low & ((1u << HANDLE_INDEX_BITS) - 1);
    const struct pool *pool = &pools[kind];
    if (unlikely(low >> HANDLE_INDEX_BITS != (uint32_t)kind || index >= pool->count))
        return NULL;
    char *p = pool->chunks[index / HANDLE_CHUNK] + (size_t)(index % HANDLE_CHUNK) * pool->size;
    struct object *o = (struct object *)(void *)p;
    if (unlikely(o->generation != (uint32_t)(h >> 32) || !(o->generation & 1)))
        return NULL;
    return o;
}

/* End the handles of an object that lives on in what holds it; handle_of gives a new one. */
static inline void
handle_retire(void *object)
{
    ((struct object *)object)->generation += 2;
}

/* The handle whose low word (toint) is `low`, with the slot's current generation; 0 if none lives
 * there. */
uintptr_t handle_from_low(enum handle_kind kind, uint32_t low);

#endif
