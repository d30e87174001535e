// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Error handlers of sessions (MPI 5.0, 9.3.4). */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

int
PMPI_Session_create_errhandler(MPI_Session_errhandler_function *function,
                               MPI_Errhandler *errhandler)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = errhandler_create(ERRH_SESSION, (void (*)(void))function, "session_errhandler_fn",
                                errhandler);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Session_create_errhandler", err);
}
weak_alias(PMPI_Session_create_errhandler, MPI_Session_create_errhandler);

static int
set(MPI_Session handle, MPI_Errhandler errhandler)
{
    struct errhandler *new = NULL;
    struct session *session = NULL;
    int err = session_find(handle, &session);
    if (!err)
        err = errhandler_find(errhandler, &new);
    if (!err)
        err = errhandler_check(new, ERRH_SESSION);
    if (err)
        return err;
    errhandler_hold(new);
    errhandler_release(session->errhandler);
    session->errhandler = new;
    return MPI_SUCCESS;
}

int
PMPI_Session_set_errhandler(MPI_Session session, MPI_Errhandler errhandler)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = set(session, errhandler);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : session_raise(session, "MPI_Session_set_errhandler", err);
}
weak_alias(PMPI_Session_set_errhandler, MPI_Session_set_errhandler);

static int
get(MPI_Session handle, MPI_Errhandler *errhandler)
{
    struct session *session = NULL;
    int err = session_find(handle, &session);
    if (!err && !(err = check_pointer(errhandler, "errhandler")))
        *errhandler = errhandler_give(session->errhandler);
    return err;
}

int
PMPI_Session_get_errhandler(MPI_Session session, MPI_Errhandler *errhandler)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = get(session, errhandler);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : session_raise(session, "MPI_Session_get_errhandler", err);
}
weak_alias(PMPI_Session_get_errhandler, MPI_Session_get_errhandler);

static int
call(MPI_Session handle, int code)
{
    struct session *session = NULL;
    int err = session_find(handle, &session);
    if (!err)
        session_call_errhandler(session, code);
    return err;
}

int
PMPI_Session_call_errhandler(MPI_Session session, int code)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = call(session, code);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : session_raise(session, "MPI_Session_call_errhandler", err);
}
weak_alias(PMPI_Session_call_errhandler, MPI_Session_call_errhandler);
