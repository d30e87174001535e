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
    int status = errclass > 0 && errclass <= LAST_EXIT_CODE ? errclass : 1;
    if (state() != ENGINE_FORKED)
        engine_abort(status);
    fflush(NULL); // a forked child ends alone
    _exit(status);
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

// The handler may set another one, or free the communicator: it keeps its own copies.
static int
comm_call(struct comm *comm, int code)
{
    MPI_Comm handle = comm->handle;
    struct errhandler errhandler = *comm->errhandler;
    errhandler_call(&errhandler, &handle, code);
    return code;
}

int
comm_raise(struct comm *comm, const char *function, int code)
{
    if (!comm)
        return world_raise(function, code);
    error_place(code, function);
    return comm_call(comm, code);
}

// A forked child has its parent's handlers, so that Python gets an exception there as well.
int
world_raise(const char *function, int code)
{
    error_place(code, function);
    if (engine.self && (state() == ENGINE_RUNNING || state() == ENGINE_FORKED))
        return comm_call(engine.self, code);
    MPI_Comm none = MPI_COMM_NULL;
    errhandler_call(errhandler_initial(), &none, code);
    return code;
}
