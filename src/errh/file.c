// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Error handlers of files (MPI 5.0, 9.3.3 and 14.7). MPI_FILE_NULL has one as well: files begin
 * with it, and it hears of errors that belong to no file. */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

static struct errhandler *
of_null(void)
{
    return engine.file_errhandler ? engine.file_errhandler : errhandler_special(MPI_ERRORS_RETURN);
}

// Under the lock, which is given away during the call.
static void
call_of_null(int code)
{
    MPI_File owner = MPI_FILE_NULL;
    struct errhandler *errhandler = of_null();
    errhandler_hold(errhandler);
    engine_unlock();
    errhandler_call(errhandler, &owner, code);
    engine_lock();
    errhandler_release(errhandler);
}

int
file_raise(const char *function, int code)
{
    error_place(code, function);
    if (engine_enter_always() != MPI_SUCCESS)
        return world_raise(function, code);
    call_of_null(code);
    engine_leave_always();
    return code;
}

static int
file_check(MPI_File handle)
{
    return likely(handle == MPI_FILE_NULL) ? MPI_SUCCESS : handle_error(HANDLE_FILE, handle);
}

int
PMPI_File_create_errhandler(MPI_File_errhandler_function *function, MPI_Errhandler *errhandler)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = errhandler_create(ERRH_FILE, (void (*)(void))function, "file_errhandler_fn",
                                errhandler);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_File_create_errhandler", err);
}
weak_alias(PMPI_File_create_errhandler, MPI_File_create_errhandler);

static int
set(MPI_File handle, MPI_Errhandler errhandler)
{
    struct errhandler *new = NULL, *old = engine.file_errhandler;
    int err = file_check(handle);
    if (!err)
        err = errhandler_find(errhandler, &new);
    if (!err)
        err = errhandler_check(new, ERRH_FILE);
    if (err)
        return err;
    errhandler_hold(new);
    engine.file_errhandler = new;
    if (old)
        errhandler_release(old);
    return MPI_SUCCESS;
}

int
PMPI_File_set_errhandler(MPI_File file, MPI_Errhandler errhandler)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = set(file, errhandler);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : file_raise("MPI_File_set_errhandler", err);
}
weak_alias(PMPI_File_set_errhandler, MPI_File_set_errhandler);

static int
get(MPI_File handle, MPI_Errhandler *errhandler)
{
    int err = file_check(handle);
    if (!err && !(err = check_pointer(errhandler, "errhandler")))
        *errhandler = errhandler_give(of_null());
    return err;
}

int
PMPI_File_get_errhandler(MPI_File file, MPI_Errhandler *errhandler)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = get(file, errhandler);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : file_raise("MPI_File_get_errhandler", err);
}
weak_alias(PMPI_File_get_errhandler, MPI_File_get_errhandler);

int
PMPI_File_call_errhandler(MPI_File fh, int errorcode)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = file_check(fh);
        if (!err)
            call_of_null(errorcode);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : file_raise("MPI_File_call_errhandler", err);
}
weak_alias(PMPI_File_call_errhandler, MPI_File_call_errhandler);
