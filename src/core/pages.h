// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Huge pages for the buffers of large messages.
 *
 * For a copy between processes the kernel looks each page up, and its loads ahead end with a page:
 * two ranks copy 4 MiB in 250 us when pages have 4 KiB and in 175 us when they are huge, 16 MiB in
 * 1100 and 700 (bench/limits.c). NumPy asks for huge pages for large arrays, malloc does not. So
 * when the same buffer has been sent or received PAGES_AFTER times, its memory is moved into huge
 * pages, a part with each message. To move a block costs about a millisecond: what the messages
 * until then have lost.
 *
 * Only blocks that are wholly in memory already are moved: it never makes a process larger.
 */
#ifndef MUSTER_CORE_PAGES_H
#define MUSTER_CORE_PAGES_H

#include "base/base.h"

#define PAGES_FROM  (2u << 20) // bytes of a message
#define PAGES_AFTER 32         // messages
#define PAGES_PARTS 16         // a part with each of so many messages
#define PAGES_AGAIN 4096       // messages: the buffer may have become another at the same address
#define PAGES_SEEN  16

struct pages {
    struct {
        uintptr_t first, count; // blocks of 2 MiB: number, and how many
        uint32_t times;
    } seen[PAGES_SEEN];
};

/* A message of `size` bytes from or to `data`. The data stay what they are; peers may copy them. */
void pages_used(struct pages *pages, const void *data, uint64_t size);

#endif
