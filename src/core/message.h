// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Moving messages.
 *
 * How a message goes (docs/ARCHITECTURE.md has the picture):
 *   up to SLOT_INLINE bytes      in the slot of the receiver's ring
 *   up to PIECE_SIZE             in a staging piece of the sender, announced by a slot
 *   larger, or synchronous       as an xfer: announced by a slot, then streamed through staging
 *   to the process itself        from buffer to buffer, or kept
 * When the ring, the pieces or the xfers are used up the send is deferred: it waits in its peer's
 * queue, in order, until progress can start it.
 *
 * What unmatched messages may hold is bounded, so that they cannot stop the matched ones: of the
 * sender's pieces a quarter for each peer and three quarters in all. A piece that arrives unmatched
 * is copied out at once. Large messages under way to one peer are few at first, because every poll
 * looks at each. But the one that the peer receives next may be any of those that wait: so their
 * limit is doubled, with xfers from the segment's heap, whenever nothing else goes on.
 *
 * All functions run under the engine's lock.
 */
#ifndef MUSTER_CORE_MESSAGE_H
#define MUSTER_CORE_MESSAGE_H

#include "core/engine.h"
#include "core/match.h"

enum message_kind {
    MESSAGE_INLINE, // in `bytes`
    MESSAGE_COPY,   // in `data`, ours
    MESSAGE_XFER,   // xfer of peer
    MESSAGE_LOCAL,  // the send request of this process itself
};

/* A message that has arrived and is not received. It has a handle once MPI_Mprobe took it. */
struct message {
    struct object object;
    struct match_node nodes[4];  // (source, tag), (source, any), (any, tag), (any, any)
    struct message *prev, *next; // in order of arrival, while unmatched
    struct peer *peer;
    struct comm *comm; // set when matched by a probe; held
    uint64_t context;
    int source, tag;
    uint64_t size;
    uint32_t kind; // enum message_kind
    uint64_t xfer; // offset in the peer's segment
    void *data;
    struct request *local;
    unsigned char bytes[SLOT_INLINE];
};

/* The engine's own messages have contexts of their own: odd, or with one of the highest bits. */
static inline bool
message_is_users(uint64_t context)
{
    return !(context & 1) && !(context >> 62);
}

/*
 * Start a send. The caller has filled type, base, count, size, peer, rank (own, in the
 * communicator), tag, context, sync. Afterwards it is done, or on a list of the engine.
 */
void message_send(struct request *send);

/* Start a receive. The caller has filled type, base, count, size (bytes of room), rank (source or
 * MPI_ANY_SOURCE), tag, context. Returns MPI_SUCCESS, or a code when it could not be posted. */
int message_recv(struct request *recv);

/* Receive a message that a probe took; ends the message. */
void message_recv_matched(struct request *recv, struct message *message);

/* The first unmatched message that a receive with these arguments would take, or NULL. */
struct message *message_find(uint64_t context, int source, int tag);

/* Take it out of the queue, so that nobody else receives it. */
void message_take(struct message *message);

/* Withdraw a receive that nothing has matched, or a send of which no other process knows: true if
 * that could be done. The request is not done afterwards, but nobody will touch it. */
bool message_withdraw(struct request *request);

/*
 * Give up an operation whose call is abandoned. Afterwards nobody touches the buffer any more. A
 * send that has begun is finished from a copy of the rest (nothing of it is lost); a receive that
 * has begun drops the rest.
 */
void message_abandon(struct request *request);

/* Hand a slot that ring_peek gave to its receive, or keep it; false: no memory, leave it there. */
bool message_deliver(struct slot *slot);

/* Go on with what is under way; true if anything moved. */
bool message_progress(void);

/* Before this process sleeps: announce more of what is deferred; true if anything was. */
bool message_insist(void);

/* Any receive left that the user has let go? */
bool message_dropped(void);

/* Any send left that the user has let go, and that needs this process? */
bool message_orphans(void);

/* Anything left that needs this process? What is all in staging does not: the segment outlives it.
 * What goes to a rank that receives nothing more does not either. */
bool message_pending(void);

/* Blocking messages of the engine's own, for the MPI function `op`. Any size. */
struct internal {
    const char *op;
    struct comm *comm;
    uint64_t context; // where no message of the user's is
    int rank;         // of the other side in comm->all, as the own one is
    int tag;          // the user's, for reports; negative: nobody's
};
int internal_send(const struct internal *to, const void *data, size_t n);
int internal_recv(const struct internal *from, void *data, size_t n, size_t *got);

/*
 * Receive where two processes wait for each other in a call that has a key (context and tag) of its
 * own. When the other one has sent its message of n bytes under another key, and waits for an
 * answer to it, neither would ever go on: then that message is received, stray->op is set, and
 * stray tells its key. The last int of such a message says whether its sender has threads, which
 * might be in several calls.
 */
int internal_meet(const struct internal *from, void *data, size_t n, struct internal *stray);

/* The same, started. A send copies its data and ends by itself; *recv is the caller's to free when
 * it is done, or after message_abandon. */
int internal_post(const struct internal *to, const void *data, size_t n);
int internal_expect(const struct internal *from, void *data, size_t n, struct request **recv);

/* The short way: true when the whole message fits a slot, nothing waits before it and the ring has
 * room. `data` is contiguous. */
static inline bool
message_send_inline(struct peer *peer, uint64_t context, int source, int tag, const void *data,
                    uint64_t size)
{
    uint64_t position;
    struct slot *slot;
    if (unlikely(peer->deferred || !(slot = ring_claim(&peer->ring, peer->ring.me, &position))))
        return false;
    slot->context = context;
    slot->source = source;
    slot->tag = tag;
    slot->size = size;
    slot->sender = (uint32_t)peer->ring.me;
    slot->kind = SLOT_INLINE_DATA;
    __builtin_memcpy(slot->data, data, size);
    ring_publish(slot, position);
    tally_add(&peer->traffic.sent, 1); // after the slot is out: the reader need not wait for it
    tally_add(&peer->traffic.sent_bytes, size);
    bell_notify(peer->segment, peer->block);
    return true;
}

#endif
