// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The life of the engine in a process.
 *
 * It has users: the World model (MPI_Init to MPI_Finalize, once in a process) and each session. The
 * first starts it, the last stops it, and after that another session, or the first MPI_Init, may
 * start it again. What has been joined and mapped stays in between: the rank is this process's as
 * long as it lives. Only its state in the segment tells that it is not in MPI (the launcher), and
 * that it receives nothing (its peers).
 *
 * Threads. A level is a promise about the objects of one user. Two users, each used by a thread of
 * its own, may be in calls at the same time though neither allows more than one thread: so the lock
 * is taken as soon as there is a session with more than MPI_THREAD_SINGLE, or with any other user.
 * A thread that is just in a call without the lock would not know. So only the main thread, to
 * which calls were left so far, may change that (with MPI_THREAD_SERIALIZED, while no other one is
 * in a call); the session of any other is given MPI_THREAD_SINGLE.
 */
#ifndef MUSTER_CORE_INIT_H
#define MUSTER_CORE_INIT_H

#include "core/engine.h"

/* The predefined context ids, below FIRST_CONTEXT. */
#define WORLD_CONTEXT    0
#define SELF_CONTEXT     2
#define EVERYONE_CONTEXT 4

/* A session begins: join the job if nobody has. *granted is a level of threads, and `required` is
 * one or below all of them. Under the lock, in any state. */
int engine_start(int required, int *granted);

/* A session ends. The last user drains what other ranks still need: collective over nothing, it
 * waits for no rank but those that must still take our messages, and, while there are receives that
 * the user has let go, those that may still send. `op` is the function, for reports.
 * Under the lock. */
int engine_stop(const char *op);

/* The same for the World model, with the predefined communicators. world_stop is an error when it
 * does not run. */
int world_start(int required, int *provided);
int world_check(void);
int world_stop(void);

#endif
