// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Sessions (MPI 5.0, 11.3). A session is a user of the engine (core/init.h), a level of threads and
 * an error handler; nothing else hangs on it. What is made from it is like what is made in the
 * World model, and outlives it as far as the standard lets it.
 *
 * All calls on sessions are allowed in any thread at any time and take the lock.
 */
#include "core/check.h"
#include "core/init.h"
#include "errh/raise.h"
#include "info/info.h"
#include "p2p/bsend.h"

#include <string.h>

static const char *const level_names[] = {"MPI_THREAD_SINGLE", "MPI_THREAD_FUNNELED",
                                          "MPI_THREAD_SERIALIZED", "MPI_THREAD_MULTIPLE"};
static const int levels[] = {MPI_THREAD_SINGLE, MPI_THREAD_FUNNELED, MPI_THREAD_SERIALIZED,
                             MPI_THREAD_MULTIPLE};
#define LEVELS (sizeof levels / sizeof *levels)

void
session_end(struct session *session)
{
    bsend_drop(&session->buffer);
    errhandler_release(session->errhandler);
    pool_free(HANDLE_SESSION, session);
}

/* ---- init ---- */

// ANY: the key is not there. Then a session has the level of the others, if the lock is taken.
enum { ANY = -1 };

static int
level_wanted(MPI_Info handle, int *level)
{
    struct info *info = NULL;
    int err = handle == MPI_INFO_NULL ? MPI_SUCCESS : info_find(handle, &info);
    const char *name = info ? info_value(info, "thread_level") : NULL;
    *level = ANY;
    if (err || !name)
        return err;
    for (size_t i = 0; i < LEVELS; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level = levels[i];
            return MPI_SUCCESS;
        }
    }
    return error_new(MPI_ERR_INFO_VALUE,
                     "the value of key 'thread_level' is '%.80s', which names no level of threads",
                     name);
}

static int
session_init(MPI_Info info, MPI_Errhandler handle, MPI_Session *result)
{
    struct errhandler *errhandler;
    int level, err = check_pointer(result, "session");
    if (err || (err = errhandler_find(handle, &errhandler)) ||
        (err = errhandler_check(errhandler, ERRH_SESSION)) || (err = level_wanted(info, &level)))
        return err;
    struct session *session = pool_alloc(HANDLE_SESSION, sizeof *session);
    if (!session)
        return error_new(MPI_ERR_NO_MEM, "no memory for another session");
    if ((err = engine_start(level, &session->thread_level))) {
        pool_free(HANDLE_SESSION, session);
        return err;
    }
    if (level == ANY && engine.threads)
        session->thread_level = engine.thread_level;
    session->refs = 1;
    session->handle = (MPI_Session)handle_of(HANDLE_SESSION, session);
    errhandler_hold(session->errhandler = errhandler);
    *result = session->handle;
    return MPI_SUCCESS;
}

int
PMPI_Session_init(MPI_Info info, MPI_Errhandler errhandler, MPI_Session *session)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = session_init(info, errhandler, session);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : errhandler_raise(errhandler, "MPI_Session_init", err);
}
weak_alias(PMPI_Session_init, MPI_Session_init);

/* ---- finalize ---- */

// The error of the last one's drain is the session's, whose handle is gone: its handler is held.
static int
session_finalize(MPI_Session *handle, struct errhandler **errhandler)
{
    struct session *session;
    int err = check_pointer(handle, "session");
    if (err || (err = session_find(*handle, &session)))
        return err;
    errhandler_hold(*errhandler = session->errhandler);
    *handle = session->handle = MPI_SESSION_NULL;
    bsend_drop(&session->buffer);
    handle_retire(session);
    session_release(session);
    err = engine_stop("MPI_Session_finalize");
    if (!engine.users)
        bsend_drop(&engine.buffer); // as MPI_Finalize
    return err;
}

// Without the lock.
static int
raise_held(struct errhandler *errhandler, int code)
{
    MPI_Session owner = MPI_SESSION_NULL;
    if (code) {
        error_place(code, "MPI_Session_finalize");
        errhandler_call(errhandler, &owner, code);
    }
    engine_lock();
    errhandler_release(errhandler);
    engine_unlock();
    return code;
}

int
PMPI_Session_finalize(MPI_Session *session)
{
    struct errhandler *errhandler = NULL;
    int err = engine_enter_always();
    if (likely(!err)) {
        err = session_finalize(session, &errhandler);
        engine_leave_always();
    }
    if (errhandler)
        return raise_held(errhandler, err);
    return world_raise("MPI_Session_finalize", err);
}
weak_alias(PMPI_Session_finalize, MPI_Session_finalize);

/* ---- info ---- */

static const char *
level_name(int level)
{
    size_t i = 0;
    while (i + 1 < LEVELS && levels[i] != level)
        i++;
    return level_names[i];
}

static int
get_info(MPI_Session handle, MPI_Info *result)
{
    struct session *session;
    int err = session_find(handle, &session);
    struct info *info;
    if (err || (err = check_pointer(result, "info_used")) || (err = info_begin(&info)))
        return err;
    err = info_put(info, "thread_level", level_name(session->thread_level));
    if (!err)
        err = info_put(info, "mpi_memory_alloc_kinds", "mpi,system"); // 11.4.3
    return info_give(info, err, result);
}

int
PMPI_Session_get_info(MPI_Session session, MPI_Info *info_used)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = get_info(session, info_used);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : session_raise(session, "MPI_Session_get_info", err);
}
weak_alias(PMPI_Session_get_info, MPI_Session_get_info);
