// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_CALL_H
#define MUSTER_EXT_CALL_H

#include "module.h"
#include "threads.h"

/*
 * Every MPI function that can block, or run for long, stands between call_begin and call_end: the
 * GIL is released in between, and the call is in the state's list of those under way. call_end
 * turns the error code into a Python exception: what a signal handler raised while the engine
 * waited (interrupt.c) comes first, then MPI.Exception.
 */
struct call {
    struct state *st;
    PyThreadState *thread;
    struct call *next, *prev;
    unsigned long ident; // of the thread
    uint64_t number;     // of the call, never used again
};

static inline void
call_begin(struct call *call, struct state *st)
{
    call->ident = PyThread_get_thread_ident();
    if (call->ident != st->main_ident && !st->ends_watched)
        threads_watch_end(st);
    call->st = st;
    call->next = st->calls;
    call->prev = NULL;
    if (call->next != NULL)
        call->next->prev = call;
    st->calls = call;
    call->number = ++st->call_count;
    call->thread = PyEval_SaveThread();
}

/* True on success, false with an exception. */
static inline bool call_end(struct call *call, int code);

/* True on success, false with an exception: for calls that do not block. */
static inline bool check(struct state *st, int code);

/* Sets the exception for a code that is not MPI_SUCCESS; always false. */
bool raise_code(struct state *st, int code);

static inline bool
call_end(struct call *call, int code)
{
    PyEval_RestoreThread(call->thread);
    struct state *st = call->st;
    if (call->prev != NULL)
        call->prev->next = call->next;
    else
        st->calls = call->next;
    if (call->next != NULL)
        call->next->prev = call->prev;
    if (code != MPI_SUCCESS)
        return raise_code(st, code);
    return PyErr_Occurred() == NULL;
}

static inline bool
check(struct state *st, int code)
{
    return code == MPI_SUCCESS || raise_code(st, code);
}

#endif
