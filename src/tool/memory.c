// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Alloc_mem and MPI_Free_mem (MPI 5.0, 9.2): memory in the job's segment, where other ranks can
 * reach it; in a process alone, ordinary memory. */

#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "info/info.h"
#include "shm/arena.h"

#include <stdlib.h>

#define ALIGNMENT_KEY "mpi_minimum_memory_alignment"

/* A block that the arena cannot find by its address: of a process alone, or aligned within a larger
 * one. */
struct memory_block {
    struct memory_block *next;
    void *base;
    void *plain;     // what free takes, or NULL
    uint64_t offset; // what arena_free takes
};

static int
bad_alignment(const char *value)
{
    return error_new(MPI_ERR_INFO_VALUE, ALIGNMENT_KEY " is '%s', not a power of two", value);
}

// The alignment that the info object asks for (9.2), at least that of a cache line.
static int
wanted_alignment(MPI_Info handle, size_t *alignment)
{
    struct info *info = NULL;
    *alignment = CACHE_LINE;
    int err = handle == MPI_INFO_NULL ? MPI_SUCCESS : info_find(handle, &info);
    const char *value = info ? info_value(info, ALIGNMENT_KEY) : NULL;
    if (err || !value)
        return err;
    char *end;
    unsigned long long n = strtoull(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || !n || n & (n - 1) || n > INT64_MAX)
        return bad_alignment(value);
    if (n > CACHE_LINE)
        *alignment = (size_t)n;
    return MPI_SUCCESS;
}

static int
no_memory(size_t size, size_t alignment)
{
    return error_new(MPI_ERR_NO_MEM, "no memory for %zu bytes, aligned to %zu", size, alignment);
}

static int
shared_alloc(size_t size, uint64_t *offset)
{
    char why[256];
    *offset = arena_alloc(engine.seg, size, why, sizeof why);
    return *offset ? MPI_SUCCESS : error_new(MPI_ERR_NO_MEM, "%s", why);
}

// In the segment, a part of a larger block of the arena.
static int
block_fill(struct memory_block *block, size_t size, size_t alignment)
{
    if (size > INT64_MAX - alignment)
        return no_memory(size, alignment);
    if (!engine.seg) {
        block->base = block->plain = aligned_alloc(alignment, align_up(size, alignment));
        return block->base ? MPI_SUCCESS : no_memory(size, alignment);
    }
    int err = shared_alloc(size + alignment, &block->offset);
    if (!err)
        block->base = (void *)align_up((uintptr_t)segment_at(engine.seg, block->offset), alignment);
    return err;
}

static int
block_alloc(size_t size, size_t alignment, void **base)
{
    struct memory_block *block = calloc(1, sizeof *block);
    if (!block)
        return no_memory(size, alignment);
    int err = block_fill(block, size, alignment);
    if (err) {
        free(block);
        return err;
    }
    block->next = engine.blocks;
    engine.blocks = block;
    *base = block->base;
    return MPI_SUCCESS;
}

static int
alloc_mem(MPI_Aint size, MPI_Info info, void **base)
{
    size_t alignment, n = (size_t)size;
    uint64_t offset;
    int err = check_pointer(base, "baseptr");
    if (!err && size < 0)
        err = negative_error(MPI_ERR_ARG, "size", size);
    if (!err)
        err = wanted_alignment(info, &alignment);
    if (err)
        return err;
    if (!engine.seg || alignment > CACHE_LINE)
        return block_alloc(n ? n : 1, alignment, base);
    err = shared_alloc(n, &offset);
    if (!err)
        *base = segment_at(engine.seg, offset);
    return err;
}

int
PMPI_Alloc_mem(MPI_Aint size, MPI_Info info, void *baseptr)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = alloc_mem(size, info, (void **)baseptr);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Alloc_mem", err);
}
weak_alias(PMPI_Alloc_mem, MPI_Alloc_mem);

static bool
block_free(const void *base)
{
    for (struct memory_block **link = &engine.blocks, *block; (block = *link);
         link = &block->next) {
        if (block->base != base)
            continue;
        *link = block->next;
        if (block->offset)
            arena_free(engine.seg, block->offset);
        free(block->plain);
        free(block);
        return true;
    }
    return false;
}

static int
free_mem(void *base)
{
    uint64_t at = (uint64_t)((uintptr_t)base - (uintptr_t)engine.seg);
    if (!base || block_free(base) ||
        (engine.seg && at < engine.seg->size && arena_free(engine.seg, at)))
        return MPI_SUCCESS;
    return error_new(MPI_ERR_BASE, "%p is not what MPI_Alloc_mem gave, or was freed", base);
}

int
PMPI_Free_mem(void *base)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = free_mem(base);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Free_mem", err);
}
weak_alias(PMPI_Free_mem, MPI_Free_mem);
