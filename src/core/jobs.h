// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Other jobs, whose processes this one can talk to: spawned ones, the one that spawned it, and
 * those connected through ports.
 *
 * Each job keeps its segment, and a process maps those of the jobs that it knows. What it sends
 * goes into the segment of the receiver's job, as always into the receiver's ring; what is large
 * stays in the segment of its own job, where the receiver reads it. So both map both.
 *
 * A process has one name everywhere, its job's identity and its rank there, and in each job that it
 * is a guest of a number that all processes of that job know it by: the ranks come first, then the
 * jobs in the order in which they came (segment_guest). engine.peers goes by these numbers, and so
 * do the claims in the rings and the sender in a slot: to receive from a guest costs what it costs
 * from a rank. A slot from a guest that this process has not heard of yet is no riddle: its number
 * leads to its job, whose launcher hands out the segment.
 *
 * A job that fails rings the bells of its own ranks alone. So who knows others never sleeps for
 * longer than JOBS_LOOK_NS without looking at their failure words.
 */
#ifndef MUSTER_CORE_JOBS_H
#define MUSTER_CORE_JOBS_H

#include "core/engine.h"

#define JOBS_LOOK_NS 100000000

/* Where a process is, for all. */
struct peer_name {
    uint64_t job;
    int64_t rank;
};

/* A process alone joins a job of its own, with a launcher of its own (boot/launch.h), that others
 * can meet it in. */
int jobs_home(void);

struct peer_name peer_name(const struct peer *peer);

/* -1, 0, 1: an order of processes that is the same everywhere. */
int peer_name_compare(struct peer_name a, struct peer_name b);

/* The process of that name, its job's segment mapped. MPI_ERR_PORT or another when it is not to be
 * found. */
int peer_find(struct peer_name name, struct peer **peer);

/* Its job's segment, mapped. */
int jobs_segment(uint64_t job, struct segment **seg);

/* Is one of them of another job? */
bool jobs_mixed(struct peer *const *peers, int n);

/* The guest's job is mapped; false: it cannot be. */
bool jobs_know(int number);

void jobs_open_peer(struct peer *peer);

/* Step over a slot that a guest claimed and, having ended, will not fill. */
bool jobs_skip_dead(void);

/* A code of class MPI_ERR_PROC_ABORTED when what is waited for needs a job that has failed. */
int jobs_failed(const struct wait *wait);

/* The same of a communicator. */
int jobs_comm_failed(const struct comm *comm);

#endif
