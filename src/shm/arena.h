// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Memory of the segment's heap. Each rank takes chunks from the common heap (one compare-and-swap:
 * a rank that dies in the middle holds nothing) and divides them by itself; what it frees goes back
 * to its own lists. Offsets from the start of the segment are what ranks tell each other.
 */
#ifndef MUSTER_SHM_ARENA_H
#define MUSTER_SHM_ARENA_H

#include "shm/segment.h"

/*
 * `size` bytes, zeroed, 64-byte aligned (4 KiB from 64 KiB on), or 0 when there is no room; `why`
 * (size n) then holds one sentence with the sizes (the request is compared with memory_headroom
 * and with the heap's end, so that a later touch cannot be a SIGBUS). Only for the calling
 * process's threads under the engine's lock.
 */
uint64_t arena_alloc(struct segment *seg, uint64_t size, char *why, size_t n);

/* Give back what arena_alloc returned in this process; false, and nothing done, for any other
 * offset. Large blocks return their pages to the system (MADV_REMOVE) and
 * read as zero afterwards. */
bool arena_free(struct segment *seg, uint64_t offset);

#endif
