// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Partitioned communication (MPI 5.0, chapter 4).
 *
 * The sender's init call takes a context id of its own and offers it, with the number and size of
 * its partitions, in a message to the receiver; the receiver's init call expects one. Offers have a
 * context of their own beside the communicator's, and the user's tag: so the calls match in the
 * order in which they were made, and nothing else matches them.
 *
 * Each partition of the sender is a message in that context, its tag the number of the partition:
 * ready ones leave at once and in any order, also before the receiver has started. A start of the
 * receiver posts a receive for each, into its place in the buffer. What has come is counted for
 * each of the receiver's partitions, which may be of another size.
 *
 * Small partitions go through a box instead (box.h).
 *
 * All is under the engine's lock.
 */
#ifndef MUSTER_PART_PART_H
#define MUSTER_PART_PART_H

#include "p2p/p2p.h"

/* What the sender tells the receiver, once. */
struct offer {
    uint64_t context;
    uint64_t each; // bytes of a partition
    int64_t partitions;
    uint64_t box; // where in the segment they go through a box (part/box.h); 0: nowhere
};

/* What both sides keep (request->of begins with it). */
struct parts {
    struct envelope envelope; // count and size: of one partition
    int partitions;
    uint64_t open; // messages of this round that have not ended; 0 also when it has not begun
    int error;     // the first of them
};

struct part_args {
    struct p2p_args p2p;
    int partitions;
    MPI_Info info;
};

/* One of the messages has ended; the last one ends the request. */
void part_ended(struct request *request, int error);

/* A communication with MPI_PROC_NULL. */
static inline bool
part_nowhere(const struct parts *parts)
{
    return parts->envelope.rank == MPI_PROC_NULL;
}

/* What is common to both init calls: look at the arguments beyond those of a message. */
int part_check(const struct part_args *args, const struct envelope *e);

/* The request of an init call, inactive; NULL without memory. */
struct request *part_request(const struct request_class *class, struct parts *parts,
                             const struct envelope *e, int partitions);

/* MPI_Cancel: not for these (4.2). */
int part_cancel(struct request *request);

/* Where the offers of a communicator go. */
struct internal part_offers(const struct envelope *e, const char *op);

/* Is `partition` one of the request's? */
int part_find(const struct parts *parts, int partition);

#endif
