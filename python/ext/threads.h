// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_THREADS_H
#define MUSTER_EXT_THREADS_H

#include "module.h"

/* Has Python tell us of exceptions that end a thread (see threads.c). False with an exception. */
bool threads_watch(struct state *st);

#endif
