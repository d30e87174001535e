// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Error handlers of files (MPI 5.0, 9.3.3 and 14.7). MPI_FILE_NULL has one as well: files begin
 * with it, and it hears of errors that belong to no file. */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

struct errhandler *
errhandler_of_files(void)
{
    return engine.file_errhandler ? engine.file_errhandler : errhandler_special(MPI_ERRORS_RETURN);
}

// Under the lock, which is given away during the call.
static int
call(struct errhandler *errhandler, MPI_File owner, int code)
{
    errhandler_hold(errhandler);
    engine_unlock();
    code = errhandler_call(errhandler, &owner, code);
    engine_lock();
    errhandler_release(errhandler);
    return code;
}

int
file_call_errhandler(struct file *file, int code)
{
    file_hold(file);
    code = call(file->errhandler, file->handle, code);
    file_release(file);
    return code;
}

int
file_raise(MPI_File handle, const char *function, int code)
{
    error_place(code, function);
    if (engine_enter_always() != MPI_SUCCESS)
        return world_raise(function, code);
    struct file *file = file_get(handle);
    if (file)
        code = file_call_errhandler(file, code);
    else
        code = call(errhandler_of_files(), MPI_FILE_NULL, code);
    engine_leave_always();
    return code;
}

// *file becomes NULL for MPI_FILE_NULL, which has an error handler as well.
static int
find(MPI_File handle, struct file **file)
{
    *file = NULL;
    return handle == MPI_FILE_NULL ? MPI_SUCCESS : file_find(handle, file);
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
    struct errhandler *new = NULL;
    struct file *file;
    int err = find(handle, &file);
    if (!err)
        err = errhandler_find(errhandler, &new);
    if (!err)
        err = errhandler_check(new, ERRH_FILE);
    if (err)
        return err;
    struct errhandler **at = file ? &file->errhandler : &engine.file_errhandler, *old = *at;
    errhandler_hold(*at = new);
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
    return likely(!err) ? MPI_SUCCESS : file_raise(file, "MPI_File_set_errhandler", err);
}
weak_alias(PMPI_File_set_errhandler, MPI_File_set_errhandler);

static int
get(MPI_File handle, MPI_Errhandler *errhandler)
{
    struct file *file;
    int err = find(handle, &file);
    if (!err && !(err = check_pointer(errhandler, "errhandler")))
        *errhandler = errhandler_give(file ? file->errhandler : errhandler_of_files());
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
    return likely(!err) ? MPI_SUCCESS : file_raise(file, "MPI_File_get_errhandler", err);
}
weak_alias(PMPI_File_get_errhandler, MPI_File_get_errhandler);

int
PMPI_File_call_errhandler(MPI_File fh, int errorcode)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        struct file *file;
        err = find(fh, &file);
        if (!err && file)
            file_call_errhandler(file, errorcode);
        else if (!err)
            call(errhandler_of_files(), MPI_FILE_NULL, errorcode);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_call_errhandler", err);
}
weak_alias(PMPI_File_call_errhandler, MPI_File_call_errhandler);
