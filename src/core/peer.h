// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What this process keeps about each process it can talk to, itself included. Communicators and
 * groups hold pointers to peers, so that a peer may live in any job's segment.
 *
 * A peer of the own job is all zeros until something is first sent to it, or kept of it (peer_get
 * in engine.h): in a job of 5,000 ranks most never speak to each other, and what nobody touches
 * takes no memory.
 */
#ifndef MUSTER_CORE_PEER_H
#define MUSTER_CORE_PEER_H

#include "core/event.h"
#include "shm/ring.h"
#include "shm/segment.h"

struct request;

#define UNDER_WAY 16u // large messages to a peer before it has received any of them, at first

struct peer {
    bool open;   // the rest is set
    bool other;  // and it is another process than this one: ring_claim may be tried
    bool before; // it comes before this one in an order that both know
    int rank;    // in its job
    struct ring_out ring;
    struct traffic traffic; // kept before it is open, too
    struct segment *segment;
    struct rank_block *block;
    struct request *deferred;       // sends that wait for room, in order
    struct request **deferred_tail; // where the next one is linked
    struct peer *deferred_next;     // among the peers that have or had deferred sends
    bool deferred_listed;
    uint32_t pieces_out;    // our staging pieces it may still hold (upper bound)
    bool no_read, no_write; // the kernel refused a copy from it, to it
    uint32_t xfers_out;     // our large messages under way to it
    uint32_t xfers_allowed; // how often their limit was doubled
    uint32_t xfers_refused; // sends that it has stopped since one of them ended
};

#endif
