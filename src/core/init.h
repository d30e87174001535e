// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The life of the engine in a process. */
#ifndef MUSTER_CORE_INIT_H
#define MUSTER_CORE_INIT_H

#include "core/engine.h"

/* Join the job and make the predefined communicators; *provided as MPI_Init_thread says. */
int engine_start(int required, int *provided);

/* Drain what other ranks still need, and leave. Collective over nothing: it waits for no rank but
 * those that must still take our messages. */
int engine_stop(void);

#endif
