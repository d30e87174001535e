// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_PREDEFINED 0x141 // MPI_ERRORS_ARE_FATAL, then MPI_ERRORS_ABORT, MPI_ERRORS_RETURN

static struct errhandler predefined[] = {
    {.refs = 1, .kind = ERRH_FATAL},
    {.refs = 1, .kind = ERRH_ABORT},
    {.refs = 1, .kind = ERRH_RETURN},
};
#define PREDEFINED (sizeof predefined / sizeof *predefined)

struct errhandler *
errhandler_special(MPI_Errhandler handle)
{
    uintptr_t i = (uintptr_t)handle - FIRST_PREDEFINED;
    return i < PREDEFINED ? &predefined[i] : NULL;
}

static bool
is_predefined(const struct errhandler *errhandler)
{
    return errhandler >= predefined && errhandler < predefined + PREDEFINED;
}

static MPI_Errhandler
handle_for(const struct errhandler *errhandler)
{
    if (is_predefined(errhandler))
        return (MPI_Errhandler)(FIRST_PREDEFINED + (uintptr_t)(errhandler - predefined));
    return (MPI_Errhandler)handle_of(HANDLE_ERRHANDLER, errhandler);
}

MPI_Errhandler
errhandler_give(struct errhandler *errhandler)
{
    if (errhandler->handles++ == 0)
        errhandler->refs++;
    return handle_for(errhandler);
}

// The names are those of the info key mpi_initial_errhandler (MPI 5.0, 11.8.4).
struct errhandler *
errhandler_initial(void)
{
    const char *name = getenv("MUSTER_ERRHANDLER");
    if (name && strcmp(name, "mpi_errors_return") == 0)
        return errhandler_special(MPI_ERRORS_RETURN);
    if (name && strcmp(name, "mpi_errors_abort") == 0)
        return errhandler_special(MPI_ERRORS_ABORT);
    return errhandler_special(MPI_ERRORS_ARE_FATAL);
}

void
errhandler_release(struct errhandler *errhandler)
{
    if (--errhandler->refs == 0)
        pool_free(HANDLE_ERRHANDLER, errhandler);
}

int
errhandler_create(enum errh_kind kind, void (*function)(void), const char *function_name,
                  MPI_Errhandler *handle)
{
    int err = check_pointer((void *)(uintptr_t)function, function_name);
    if (!err)
        err = check_pointer(handle, "errhandler");
    if (err)
        return err;
    struct errhandler *errhandler = pool_alloc(HANDLE_ERRHANDLER, sizeof *errhandler);
    if (!errhandler)
        return error_new(MPI_ERR_NO_MEM, "no memory for an error handler");
    errhandler->refs = errhandler->handles = 1;
    errhandler->kind = kind;
    errhandler->function = function;
    *handle = handle_for(errhandler);
    return MPI_SUCCESS;
}

// MPI_Errhandler_free may run at any time in any thread, so the others take the lock as well.
static int
enter(void)
{
    if (atomic_load_explicit(&engine.state, memory_order_relaxed) != ENGINE_RUNNING)
        return engine_unusable();
    engine_lock();
    return MPI_SUCCESS;
}

static void
leave(void)
{
    engine_unlock();
}

int
PMPI_Comm_create_errhandler(MPI_Comm_errhandler_function *function, MPI_Errhandler *errhandler)
{
    int err = enter();
    if (likely(!err)) {
        err = errhandler_create(ERRH_COMM, (void (*)(void))function, "comm_errhandler_fn",
                                errhandler);
        leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Comm_create_errhandler", err);
}
weak_alias(PMPI_Comm_create_errhandler, MPI_Comm_create_errhandler);

int
errhandler_check(const struct errhandler *errhandler, enum errh_kind kind)
{
    static const char *const owners[] = {[ERRH_COMM] = "communicators",
                                         [ERRH_WIN] = "windows",
                                         [ERRH_FILE] = "files",
                                         [ERRH_SESSION] = "sessions"};
    if (errhandler->kind < ERRH_COMM || errhandler->kind == kind)
        return MPI_SUCCESS;
    return error_new(MPI_ERR_ERRHANDLER, "the error handler is one for %s, not for %s",
                     owners[errhandler->kind], owners[kind]);
}

static int
comm_set(MPI_Comm handle, MPI_Errhandler errhandler)
{
    struct errhandler *new = NULL;
    struct comm *comm = NULL;
    int err = comm_find(handle, &comm);
    if (!err)
        err = errhandler_find(errhandler, &new);
    if (!err)
        err = errhandler_check(new, ERRH_COMM);
    if (err)
        return err;
    errhandler_hold(new);
    errhandler_release(comm->errhandler);
    comm->errhandler = new;
    comm->errhandler_set = true;
    return MPI_SUCCESS;
}

int
PMPI_Comm_set_errhandler(MPI_Comm comm, MPI_Errhandler errhandler)
{
    int err = enter();
    if (likely(!err)) {
        err = comm_set(comm, errhandler);
        leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_set_errhandler", err);
}
weak_alias(PMPI_Comm_set_errhandler, MPI_Comm_set_errhandler);

static int
comm_get_errhandler(MPI_Comm handle, MPI_Errhandler *errhandler)
{
    struct comm *comm = NULL;
    int err = comm_find(handle, &comm);
    if (!err)
        err = check_pointer(errhandler, "errhandler");
    if (err)
        return err;
    *errhandler = errhandler_give(comm->errhandler);
    return MPI_SUCCESS;
}

int
PMPI_Comm_get_errhandler(MPI_Comm comm, MPI_Errhandler *errhandler)
{
    int err = enter();
    if (likely(!err)) {
        err = comm_get_errhandler(comm, errhandler);
        leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_get_errhandler", err);
}
weak_alias(PMPI_Comm_get_errhandler, MPI_Comm_get_errhandler);

// A predefined one may be freed as well: MPI_Comm_get_errhandler asks for it (MPI 5.0, 9.3.5).
static int
errhandler_free(MPI_Errhandler *handle)
{
    struct errhandler *errhandler = NULL;
    int err = check_pointer(handle, "errhandler");
    if (!err)
        err = errhandler_find(*handle, &errhandler);
    if (err)
        return err;
    if (!is_predefined(errhandler) && --errhandler->handles == 0) {
        handle_retire(errhandler);
        errhandler_release(errhandler);
    }
    *handle = MPI_ERRHANDLER_NULL;
    return MPI_SUCCESS;
}

int
PMPI_Errhandler_free(MPI_Errhandler *errhandler)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = errhandler_free(errhandler);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Errhandler_free", err);
}
weak_alias(PMPI_Errhandler_free, MPI_Errhandler_free);

static int
comm_call(MPI_Comm handle, int code)
{
    struct comm *comm = NULL;
    int err = comm_find(handle, &comm);
    if (!err)
        comm_call_errhandler(comm, code);
    return err;
}

int
PMPI_Comm_call_errhandler(MPI_Comm comm, int code)
{
    int err = enter();
    if (likely(!err)) {
        err = comm_call(comm, code);
        leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_call_errhandler", err);
}
weak_alias(PMPI_Comm_call_errhandler, MPI_Comm_call_errhandler);
