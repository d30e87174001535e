// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/pages.h"

#include <string.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 // Linux 6.1; older ones say EINVAL
#endif

#define BLOCK     ((uintptr_t)2 << 20)
#define PAGE      4096u
#define ALL_PAGES (BLOCK / PAGE)

// Are there all pages of 4 KiB? With larger ones the kernel fills less of `there`.
static bool
block_there(void *block)
{
    unsigned char there[ALL_PAGES] = {0};
    if (mincore(block, BLOCK, there) != 0)
        return false;
    for (size_t i = 0; i < ALL_PAGES; i++)
        if (!(there[i] & 1))
            return false;
    return true;
}

static void
blocks_collapse(uintptr_t first, uintptr_t end)
{
    for (uintptr_t i = first; i < end; i++) {
        void *block = (void *)(i * BLOCK);
        if (block_there(block))
            (void)madvise(block, BLOCK, MADV_COLLAPSE); // refused: it stays as it is
    }
}

void
pages_used(struct pages *pages, const void *data, uint64_t size)
{
    uintptr_t first = (uintptr_t)data / BLOCK;
    uintptr_t count = ((uintptr_t)data + size + BLOCK - 1) / BLOCK - first;
    size_t place = (first + count) % PAGES_SEEN;
    if (pages->seen[place].first != first || pages->seen[place].count != count) {
        pages->seen[place].first = first;
        pages->seen[place].count = count;
        pages->seen[place].times = 0;
    }
    uint32_t part = pages->seen[place].times++ % PAGES_AGAIN - PAGES_AFTER;
    if (part < PAGES_PARTS)
        blocks_collapse(first + count * part / PAGES_PARTS,
                        first + count * (part + 1) / PAGES_PARTS);
}
