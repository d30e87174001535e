// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_THREADS_H
#define MUSTER_EXT_THREADS_H

#include "module.h"

/* Has Python tell us of exceptions that end a thread (see threads.c). False with an exception. */
bool threads_watch(struct state *st);

/* For a call in another thread than the main one: has Python tell us when the main thread ends.
   Keeps the exception that is set, and sets none. */
void threads_watch_end(struct state *st);

#endif
