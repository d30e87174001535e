// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Copies between the memories of two processes by the kernel (process_vm_readv and writev). Each
 * may be refused (seccomp, Yama, another user namespace): false, and nothing can be
 * said of the bytes. */
#ifndef MUSTER_SHM_CMA_H
#define MUSTER_SHM_CMA_H

#include "shm/segment.h"

#include <sys/uio.h>

bool cma_read(const struct rank_block *from, uint64_t address, void *to, size_t n);
bool cma_write(const struct rank_block *to, uint64_t address, const void *from, size_t n);

/* The same of data with holes: both lists name as many bytes, at most CMA_PLACES places each. */
#define CMA_PLACES 256
struct cma_places {
    struct iovec list[CMA_PLACES];
    unsigned long n;
};
bool cma_read_places(const struct rank_block *from, const struct cma_places *theirs,
                     const struct cma_places *mine, size_t n);
bool cma_write_places(const struct rank_block *to, const struct cma_places *theirs,
                      const struct cma_places *mine, size_t n);

/* Let the other ranks copy, where Yama asks for that: names the launcher,
 * whose descendants they are. */
void cma_allow(const struct segment *seg);

/* Does it pay on this job: both sides have a CPU to copy with. */
static inline bool
cma_pays(const struct segment *seg)
{
    return seg->nranks <= seg->ncpus;
}

#endif
