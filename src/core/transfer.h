// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Large messages between processes: staging pieces, and transfers by xfer.h, for message.c alone.
 * All under the engine's lock. */
#ifndef MUSTER_CORE_TRANSFER_H
#define MUSTER_CORE_TRANSFER_H

#include "core/engine.h"

/* Bytes [at, at + n) of the packed data of a request. */
void request_copy_out(const struct request *send, uint64_t at, void *to, size_t n);
void request_copy_in(const struct request *recv, uint64_t at, const void *from, size_t n);

/* Fill a slot's address: what identifies and matches the message. */
void slot_address(struct slot *slot, const struct request *send, enum slot_kind kind, uint32_t ref);

/* A staging piece for `peer`, or -1. `matched`: its reader is at work on it, so it will come back;
 * what is not matched is limited (message.h). `brief`: it is handed over at once. */
int piece_take(struct peer *peer, bool matched, bool brief);

/* Announce a large message and begin to stage it; false: no slot is free now, or as many are under
 * way to the peer as may be. */
bool transfer_start(struct request *send);

/* Nothing else goes on: if that limit stops the peer's next send, double it. */
void transfer_allow_more(struct peer *peer);

/* A receive (size: what fits of it; peer set) has taken the message of `size` bytes that the peer
 * announced with the xfer at this offset. */
void transfer_accept(struct request *recv, uint64_t xfer, uint64_t size);

bool transfer_progress(void);

/* Is there a transfer that still needs this process's memory? */
bool transfer_pending(void);

/* The same of sends that the user has let go. */
bool transfer_orphans(void);

/* Give up a receive: afterwards nobody writes to its buffer. */
void transfer_drop(struct request *recv);

/* Give up a send: afterwards nobody reads its buffer; what is left goes on from a copy that takes
 * the send's place. */
void transfer_take_rest(struct request *send);
void transfer_replace(const struct request *send, struct request *by);

#endif
