// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "shm/staging.h"

#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // Linux 5.14; older ones say EINVAL, and fault page by page
#endif

void
staging_touch(struct staging *s, uint32_t i)
{
    (void)madvise(staging_payload(s, s->fresh), (size_t)(i + 1 - s->fresh) * PIECE_SIZE,
                  MADV_POPULATE_WRITE);
    s->fresh = i + 1;
}
