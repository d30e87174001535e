// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "errh/raise.h"

#include "core/engine.h"

#include <stdio.h>
#include <unistd.h>

#define LAST_EXIT_CODE 125 // above: what shells say of signals and of programs not found

static int
state(void)
{
    return (int)atomic_load_explicit(&engine.state, memory_order_relaxed);
}

// One write, so that the lines of several ranks do not mix.
static void
print_line(int code)
{
    char text[MPI_MAX_ERROR_STRING], line[MPI_MAX_ERROR_STRING + 64];
    code_text(code, text, sizeof text);
    int n = state() == ENGINE_NEW
                ? snprintf(line, sizeof line, "muster: %s\n", text)
                : snprintf(line, sizeof line, "muster: rank %d: %s\n", engine.rank, text);
    ssize_t written = write(STDERR_FILENO, line, (size_t)n);
    (void)written; // with no stderr the exit code still tells
}

static _Noreturn void
stop(int code)
{
    int errclass = code_class(code);
    if (errclass != MPI_ERR_PROC_ABORTED)
        print_line(code);
    engine_abort(errclass > 0 && errclass <= LAST_EXIT_CODE ? errclass : 1);
}

void
errhandler_call(struct errhandler *errhandler, void *owner, int code)
{
    switch (errhandler->kind) {
    case ERRH_FATAL:
    case ERRH_ABORT: // a job on one machine ends as a whole
        stop(code);
    case ERRH_RETURN:
        return;
    case ERRH_COMM:
        ((MPI_Comm_errhandler_function *)errhandler->function)(owner, &code);
        return;
    case ERRH_WIN:
        ((MPI_Win_errhandler_function *)errhandler->function)(owner, &code);
        return;
    case ERRH_FILE:
        ((MPI_File_errhandler_function *)errhandler->function)(owner, &code);
        return;
    case ERRH_SESSION:
        ((MPI_Session_errhandler_function *)errhandler->function)(owner, &code);
        return;
    }
}

void
comm_call_errhandler(struct comm *comm, int code)
{
    MPI_Comm handle = comm->handle;
    struct errhandler *errhandler = comm->errhandler;
    comm_hold(comm);
    errhandler_hold(errhandler);
    engine_unlock();
    errhandler_call(errhandler, &handle, code);
    engine_lock();
    errhandler_release(errhandler);
    comm_release(comm);
}

// Who hears of errors that belong to no communicator.
static struct comm *
nobodys(void)
{
    return engine.self->errhandler_set ? engine.self : engine.world;
}

int
raise_on(MPI_Comm handle, const char *function, int code)
{
    error_place(code, function);
    if (state() != ENGINE_RUNNING)
        return world_raise(function, code);
    engine_lock();
    struct comm *comm = comm_get(handle);
    comm_call_errhandler(comm ? comm : nobodys(), code);
    engine_unlock();
    return code;
}

// A forked child has its parent's handlers (Python gets an exception there as well), not its lock.
// After MPI_Finalize they stay, too: 9.3 names the initial handler, but a thread that was left
// behind in a call must not end a process that is about to exit well.
int
world_raise(const char *function, int code)
{
    MPI_Comm owner = MPI_COMM_NULL;
    error_place(code, function);
    switch (state()) {
    case ENGINE_RUNNING:
        return raise_on(MPI_COMM_NULL, function, code);
    case ENGINE_FORKED:
    case ENGINE_FINALIZED:
        owner = nobodys()->handle;
        errhandler_call(nobodys()->errhandler, &owner, code);
        return code;
    default:
        errhandler_call(errhandler_initial(), &owner, code);
        return code;
    }
}
