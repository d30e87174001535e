// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Communicators (MPI 5.0, chapter 7).
 *
 * A new communicator needs one agreement among its members: the context id. Ids are 64 bits from a
 * counter in the segment, two for each communicator (point-to-point, and the engine's own
 * messages), and are never used again. Rank 0 takes it and the others learn it in a collective of
 * the parent (coll/agree.h); the members of a group, in MPI_Comm_create_group, along a tree of
 * internal messages.
 */
#ifndef MUSTER_COMM_COMM_H
#define MUSTER_COMM_COMM_H

#include "core/message.h"
#include "errh/raise.h"

/* Some ranks of a communicator, in an order in which they make a tree. */
struct circle {
    struct comm *comm;
    const int *ranks; // in comm
    int size, me;     // how many, and which of them this process is
    int tag;          // the user's
};

/* `n` bytes of data, at most 64, from the first of the circle to all. Under the lock. */
int circle_bcast(const struct circle *circle, void *data, size_t n);

/* `n` new context ids in a row; the first is returned. */
uint64_t contexts_take(uint64_t n);

#endif
