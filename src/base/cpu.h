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

/* How often the kernel has killed a process of this cgroup (of this machine, where there is no
 * memory cgroup) because memory ran out. Two readings that differ tell of a kill in between. */
uint64_t memory_oom_kills(void);

/*
 * Processes that may still be started, and in *most how many there can be at all, by the limit that
 * leaves fewest: the kernel's process ids and threads, and each pids cgroup above this process.
 * `what` (size n) names it, e.g. "cgroup /x allows 100 processes (pids.max)"; UINT64_MAX: there is
 * none. A user's own limit (ulimit -u) is not among them.
 */
uint64_t process_headroom(uint64_t *most, char *what, size_t n);

/*
 * The parts that only read files, for made-up trees: `root` stands before /proc and before the
 * mount points. cpu_quota gives 0 where there is no quota.
 */
int cpu_quota(const char *root);
uint64_t memory_headroom_under(const char *root, char *what, size_t n);
uint64_t memory_oom_kills_under(const char *root);
uint64_t process_headroom_under(const char *root, uint64_t *most, char *what, size_t n);

#endif
