// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_CALL_H
#define MUSTER_EXT_CALL_H

#include "module.h"

/*
 * Every MPI function that can block, or run for long, stands between call_begin and call_end: the
 * GIL is released in between, and the state counts the threads that are inside. call_end turns
 * the error code into a Python exception: what a signal handler raised while the engine waited
 * comes first, then MPI.Exception.
 */
struct call {
    struct state *st;
    PyThreadState *thread;
};

static inline struct call
call_begin(struct state *st)
{
    st->blocked++;
    return (struct call){.st = st, .thread = PyEval_SaveThread()};
}

/* True on success, false with an exception. */
static inline bool call_end(struct call call, int code);

/* True on success, false with an exception: for calls that do not block. */
static inline bool check(struct state *st, int code);

/* Sets the exception for a code that is not MPI_SUCCESS; always false. */
bool raise_code(struct state *st, int code);

/* Calls into MPI and registers that MPI calls back (see interrupt.c) leave the exception that a
   signal handler raised in the thread's own error indicator. */
static inline bool
call_end(struct call call, int code)
{
    PyEval_RestoreThread(call.thread);
    call.st->blocked--;
    if (code != MPI_SUCCESS)
        return raise_code(call.st, code);
    return PyErr_Occurred() == NULL;
}

static inline bool
check(struct state *st, int code)
{
    return code == MPI_SUCCESS || raise_code(st, code);
}

#endif
