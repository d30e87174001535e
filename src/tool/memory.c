// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Alloc_mem and MPI_Free_mem (MPI 5.0, 9.2): memory in the job's segment, where other ranks can
 * reach it; in a process alone, ordinary memory. */

#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "shm/arena.h"

#include <stdlib.h>
#include <string.h>

static int
alloc_mem(MPI_Aint size, void **base)
{
    char why[256];
    if (size < 0)
        return error_new(MPI_ERR_ARG, "size %lld is negative", (long long)size);
    size_t n = align_up((size_t)size ? (size_t)size : 1, CACHE_LINE);
    if (!engine.seg) {
        void *p = aligned_alloc(CACHE_LINE, n);
        if (!p)
            return error_new(MPI_ERR_NO_MEM, "no memory for %lld bytes", (long long)size);
        *base = p;
        return MPI_SUCCESS;
    }
    uint64_t offset = arena_alloc(engine.seg, n, why, sizeof why);
    if (!offset)
        return error_new(MPI_ERR_NO_MEM, "%s", why);
    *base = segment_at(engine.seg, offset);
    return MPI_SUCCESS;
}

int
PMPI_Alloc_mem(MPI_Aint size, MPI_Info info, void *baseptr)
{
    (void)info; // no key of it is used
    int err = engine_enter();
    if (likely(!err)) {
        err = check_pointer(baseptr, "baseptr");
        if (!err)
            err = alloc_mem(size, (void **)baseptr);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Alloc_mem", err);
}
weak_alias(PMPI_Alloc_mem, MPI_Alloc_mem);

int
PMPI_Free_mem(void *base)
{
    int err = engine_enter();
    if (likely(!err)) {
        uint64_t at = (uint64_t)((uintptr_t)base - (uintptr_t)engine.seg);
        if (engine.seg && base && at < engine.seg->size)
            arena_free(engine.seg, at);
        else
            free(base);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Free_mem", err);
}
weak_alias(PMPI_Free_mem, MPI_Free_mem);
