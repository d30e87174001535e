// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The machine, as far as this process is allowed to use it. */
#ifndef MUSTER_BASE_CPU_H
#define MUSTER_BASE_CPU_H

#include "base/base.h"

/* CPUs this process may use at once: its affinity mask, cut by the cgroup's quota (v1 and v2, every
 * level up to the root), rounded up; at least 1. */
int cpu_granted(void);

/*
 * Bytes that this process may still allocate before the kernel kills somebody: the smallest of
 * MemAvailable and what each memory cgroup above it has left (v1 and v2, every level).
 * `what` (size n) names the limit that binds, e.g. "the memory limit of cgroup /x (512 MiB)".
 */
uint64_t memory_headroom(char *what, size_t n);

#endif
