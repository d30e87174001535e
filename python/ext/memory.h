// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_MEMORY_H
#define MUSTER_EXT_MEMORY_H

#include "foreign.h"

/*
 * MPI.buffer: a view of someone's memory, or of raw memory.
 */
struct buffer {
    PyObject_HEAD struct state *st; // held
    Py_buffer view;                 // released when the object goes
    struct foreign foreign;         // of memory without the buffer protocol
};

/* A view of `object`, which may also be one that foreign_check likes: `flags` are those of
   PyObject_GetBuffer. NULL with an exception. */
struct buffer *buffer_from(struct state *st, PyObject *object, int flags);

/* A view of raw memory that `owner` (may be NULL) keeps alive. NULL with an exception. */
PyObject *buffer_over(struct state *st, PyObject *owner, void *address, Py_ssize_t size,
                      bool readonly);

/* Lets go of the memory; the object remains as an empty view. */
void buffer_drop(struct buffer *buffer);

/*
 * A block: memory that a message is received into, or gathered in before it is sent. New arrays
 * own it together. The first kind is for a message of known size, from the heap or, when it is
 * large, with pages of its own, huge ones where the kernel gives them. The others are used again
 * and again, for they cost more to make than to use:
 *  - scratch: a short message of known size, which will be copied out of it;
 *  - landing: address space for a message of any size, of which only the touched pages exist.
 * Where something is to refer to one of these it is settled: cut down to its size, not used again.
 */
enum block_kind { BLOCK_OWNED, BLOCK_SCRATCH, BLOCK_LANDING, BLOCK_KINDS };

struct block {
    PyObject_HEAD struct state *st; // held
    enum block_kind kind;
    char *data;  // aligned to 64 bytes or more
    size_t size; // bytes in use: what the buffer protocol shows
    size_t room; // bytes that could be used
    void *map;   // the mapping, NULL for heap memory
    size_t map_size;
};

enum { BLOCK_ALIGNMENT = 64 };

static inline size_t
block_align(size_t offset)
{
    return (offset + BLOCK_ALIGNMENT - 1) / BLOCK_ALIGNMENT * BLOCK_ALIGNMENT;
}

/* A block of `size` bytes for a message that is kept; NULL with MemoryError. */
struct block *block_alloc(struct state *st, size_t size);

/* A block of `size` bytes to receive into: scratch if the message is short. */
struct block *block_take(struct state *st, size_t size);

/* A landing block; NULL without an exception where the system grants no address space. */
struct block *block_land(struct state *st);

/* Whether an array of `bytes` in this block should refer to it: a copy is cheaper for a small one,
   and in a landing block, whose pages are warm, for a larger one than elsewhere. */
bool block_refers(const struct block *block, size_t bytes);

/* Something will go on referring to the first block->size bytes: gives the rest back. */
void block_settle(struct block *block);

/* The caller is done with its reference: what can be used again is kept. */
void block_done(struct block *block);

bool memory_add_types(struct state *st, PyObject *module);

#endif
