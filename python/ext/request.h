// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_REQUEST_H
#define MUSTER_EXT_REQUEST_H

#include "handle.h"

/*
 * Started operations. A Request keeps the buffers of its operation until that is complete: one
 * that is dropped before hands them to the state's list of orphans, which is looked through when
 * later operations start.
 */

/* A new Request for a started operation: takes over `keep` (may be NULL), also on failure, where
   it is NULL with an exception. `flags` may hold HANDLE_OBJECT. */
PyObject *request_started(struct state *st, MPI_Request request, PyObject *keep, int flags);

struct block;

/* What an operation on an object that is received into `block` keeps: the block (taken over) and
   a buffer of the user's (may be NULL) that gets a copy. NULL with an exception. */
PyObject *request_landing(struct block *block, PyObject *user_buffer);

/* `from` is about to share its handle with another object; false with an exception. */
bool request_share(struct handle *from);

/* The object goes: see to the operation it started. */
void request_drop(struct handle *h);

bool request_add_type(struct state *st, PyObject *module);

#endif
