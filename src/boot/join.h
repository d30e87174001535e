// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * How a process learns its rank, its peers and the segment.
 *
 * join_job reads the environment (boot/wire.h) and claims the rank. Nothing in the environment: a
 * world of one. The inherited descriptor is the segment only if its inode is the one named; else
 * the launcher is asked. A rank that is claimed already belongs to a parent of this process: again
 * a world of one. Whatever else is wrong is an error, never a silent world of one.
 */
#ifndef MUSTER_BOOT_JOIN_H
#define MUSTER_BOOT_JOIN_H

#include "shm/segment.h"

struct join {
    struct segment_view view; // base NULL: a process alone
    int rank, size;
};

/* Returns 0, or -1 with one sentence in `why` (size n). */
int join_job(struct join *join, char *why, size_t n);

#endif
