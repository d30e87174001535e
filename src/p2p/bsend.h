// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Buffered mode (MPI 5.0, 3.6).
 *
 * A buffer is attached to a communicator, to a session or to the process; a message uses the first
 * of these that there is. Its data is copied into memory of the engine's own and goes on without
 * the caller; what the attached buffer would hold, with MPI_BSEND_OVERHEAD for each message, is
 * counted, so that a program that attached too little learns it as it would elsewhere.
 *
 * All functions run under the engine's lock, which those that wait give away meanwhile: the caller
 * holds whatever `at` lies in.
 */
#ifndef MUSTER_P2P_BSEND_H
#define MUSTER_P2P_BSEND_H

#include "p2p/p2p.h"

struct bsend_buffer;

/* *at is NULL while nothing is attached. */
int bsend_attach(struct bsend_buffer **at, void *buffer, MPI_Count size);

/* Waits until every message has left; then *buffer and *size are what was attached (NULL and 0 for
 * none). `op` names the call for reports. */
int bsend_detach(struct bsend_buffer **at, void **buffer, MPI_Count *size, const char *op);

/* Wait until the messages that are in the buffer now have left; or start a request for that. */
int bsend_flush(struct bsend_buffer *buffer, const char *op);
int bsend_iflush(struct bsend_buffer *buffer, MPI_Request *request);

/* Its owner ends: messages in it go on. */
void bsend_drop(struct bsend_buffer **at);

/* Copy the data and send it. `parent` (NULL: nobody) hears when the message has left, and frees it;
 * *message is it, or NULL if it has left already. */
int bsend_start(const struct envelope *e, struct request *parent, struct request **message);

#endif
