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

int
errhandler_call(struct errhandler *errhandler, void *owner, int code)
{
    switch (errhandler->kind) {
    case ERRH_FATAL:
    case ERRH_ABORT: // a job on one machine ends as a whole
        stop(code);
    case ERRH_RETURN:
        break;
    case ERRH_COMM:
        ((MPI_Comm_errhandler_function *)errhandler->function)(owner, &code);
        break;
    case ERRH_WIN:
        ((MPI_Win_errhandler_function *)errhandler->function)(owner, &code);
        break;
    case ERRH_FILE:
        ((MPI_File_errhandler_function *)errhandler->function)(owner, &code);
        break;
    case ERRH_SESSION:
        ((MPI_Session_errhandler_function *)errhandler->function)(owner, &code);
        break;
    }
    return code;
}

void
comm_call_errhandler(struct comm *comm, int code)
{
    if (unlikely(comm->file)) {
        file_call_errhandler(comm->file, code);
        return;
    }
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

// Who hears of errors that belong to no communicator; NULL outside the World model.
static struct comm *
nobodys(void)
{
    return engine.self && engine.self->errhandler_set ? engine.self : engine.world;
}

// Outside the World model it is the initial handler (9.3). But after MPI_Finalize the one before
// stays: a thread that was left behind in a call must not end a process that is about to exit well.
static int
late_raise(int code)
{
    MPI_Comm owner = engine.late_owner;
    struct errhandler *errhandler = engine.late_errhandler;
    errhandler_call(errhandler ? errhandler : errhandler_initial(), &owner, code);
    return code;
}

int
raise_on(MPI_Comm handle, const char *function, int code)
{
    error_place(code, function);
    if (state() != ENGINE_RUNNING)
        return world_raise(function, code);
    engine_lock();
    struct comm *comm = comm_get(handle);
    if (!comm)
        comm = nobodys();
    if (comm)
        comm_call_errhandler(comm, code);
    engine_unlock();
    return comm ? code : late_raise(code);
}

// A forked child has its parent's handlers (Python gets an exception there as well), not its lock.
int
world_raise(const char *function, int code)
{
    error_place(code, function);
    if (state() == ENGINE_RUNNING)
        return raise_on(MPI_COMM_NULL, function, code);
    struct comm *comm = nobodys();
    if (state() != ENGINE_FORKED || !comm)
        return late_raise(code);
    MPI_Comm owner = comm->handle;
    errhandler_call(comm->errhandler, &owner, code);
    return code;
}

/* ---- sessions ---- */

void
session_call_errhandler(struct session *session, int code)
{
    MPI_Session handle = session->handle;
    struct errhandler *errhandler = session->errhandler;
    session_hold(session);
    errhandler_hold(errhandler);
    engine_unlock();
    errhandler_call(errhandler, &handle, code);
    engine_lock();
    errhandler_release(errhandler);
    session_release(session);
}

// `session` was looked up under the lock, unless this is a forked child, which has none.
static int
raise_session(struct session *session, bool locked, const char *function, int code)
{
    if (session && locked)
        session_call_errhandler(session, code);
    if (locked)
        engine_leave_always();
    else if (session)
        errhandler_call(session->errhandler, &(MPI_Session){session->handle}, code);
    return session ? code : world_raise(function, code);
}

int
session_raise(MPI_Session handle, const char *function, int code)
{
    error_place(code, function);
    bool locked = engine_enter_always() == MPI_SUCCESS;
    return raise_session(session_get(handle), locked, function, code);
}

int
group_raise(MPI_Group handle, const char *function, int code)
{
    error_place(code, function);
    bool locked = engine_enter_always() == MPI_SUCCESS;
    const struct group *group = group_get(handle);
    return raise_session(group ? group->session : NULL, locked, function, code);
}

int
errhandler_raise(MPI_Errhandler handle, const char *function, int code)
{
    error_place(code, function);
    bool locked = engine_enter_always() == MPI_SUCCESS;
    struct errhandler *errhandler = errhandler_get(handle);
    if (errhandler && locked)
        errhandler_hold(errhandler);
    if (locked)
        engine_leave_always();
    if (!errhandler)
        return world_raise(function, code);
    MPI_Comm none = MPI_COMM_NULL;
    MPI_Session no_session = MPI_SESSION_NULL;
    void *owner = errhandler->kind == ERRH_SESSION ? (void *)&no_session : (void *)&none;
    errhandler_call(errhandler, owner, code);
    if (locked) {
        engine_lock();
        errhandler_release(errhandler);
        engine_unlock();
    }
    return code;
}
