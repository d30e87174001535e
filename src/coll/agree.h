// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What the members of a communicator agree on for the engine itself, when they make another one:
 * the collectives of other calls, in order with the user's own, so that a member that is in another
 * call learns it. Ranks here are those of comm->all, so that both groups of an intercommunicator
 * agree. Under the lock, which other threads may take meanwhile: the caller holds `comm`.
 */
#ifndef MUSTER_COLL_AGREE_H
#define MUSTER_COLL_AGREE_H

#include "coll/call.h"

/* `n` bytes of data from rank 0 to all. */
int agree_give(struct comm *comm, enum coll_kind kind, void *data, size_t n);

/* The same from a leader that all must name. */
int agree_give_from(struct comm *comm, enum coll_kind kind, int leader, void *data, size_t n);

/* Such a call's plan, for one that is started (form.h): the caller sets its signature. */
void agree_plan_give(struct call *call, const struct comm *comm, int root, void *data, size_t n);

/* Each member's `each` bytes to all: rank i has put its own at table + i * each. */
int agree_gather(struct comm *comm, enum coll_kind kind, void *table, size_t each);

/* From each member to each, itself included: `each` bytes, in the order of ranks. */
int agree_alltoall(struct comm *comm, enum coll_kind kind, const void *send, void *recv,
                   size_t each);

/* The same with other sizes: counts[i] bytes at displs[i] for rank i or from it. What one gives is
 * what the other expects. */
struct agree_blocks {
    void *data;
    const MPI_Count *counts, *displs;
};
int agree_alltoallv(struct comm *comm, enum coll_kind kind, const struct agree_blocks *send,
                    const struct agree_blocks *recv);

#endif
