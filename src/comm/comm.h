// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Communicators (MPI 5.0, chapter 7).
 *
 * A new communicator needs one agreement among its members: the context id. Ids are 64 bits from a
 * counter in the segment, two for each communicator (point-to-point, and the engine's own messages),
 * and are never used again. One member takes it and the others learn it along a binomial tree of
 * internal messages on the parent; MPI_Comm_split sends the colors and keys up that tree first.
 */
#ifndef MUSTER_COMM_COMM_H
#define MUSTER_COMM_COMM_H

#include "core/message.h"
#include "errh/raise.h"

/* The calls that agree in this way. Each message says which one it belongs to, so that ranks in
 * different calls get an error that names both. */
enum circle_call { CIRCLE_DUP = 1, CIRCLE_SPLIT, CIRCLE_CREATE, CIRCLE_CREATE_GROUP, CIRCLE_CALLS };

/* Some ranks of a communicator, in an order in which they make a tree. */
struct circle {
    struct comm *comm;
    const int *ranks; // in comm; NULL: all of them in order
    int size, me;     // how many, and which of them this process is
    enum circle_call call;
    int tag; // the user's, of MPI_Comm_create_group
};

/* `n` bytes of data from the first of the circle to all. Under the lock. */
int circle_bcast(const struct circle *circle, void *data, size_t n);

/* Each member's `each` bytes, gathered in order in table[size * each] of the first; the others' tables
 * are used on the way. Member i has put its own at table + i * each. */
int circle_gather(const struct circle *circle, char *table, size_t each);

/* `n` new context ids in a row; the first is returned. */
uint64_t contexts_take(uint64_t n);

#endif
