// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What a file is and has: its size, group, modes; atomic mode and MPI_File_sync (MPI 5.0, 14.2 and
 * 14.6). One member does what is to be done once. */
#include "group/group.h"
#include "io/io.h"

#include <stdlib.h>

// All give the same number; `what` it is.
static int
agree_number(struct comm *comm, enum coll_kind kind, const char *what, int64_t number)
{
    int64_t first = number;
    int err = agree_give(comm, kind, &first, sizeof first);
    if (!err && first != number)
        err = error_new(MPI_ERR_NOT_SAME, "%s is %lld here, %lld at rank 0", what,
                        (long long)number, (long long)first);
    return err;
}

/* ---- sizes ---- */

typedef int size_function(const struct io *io, MPI_Offset size);

static int
change_size(struct file *file, enum coll_kind kind, size_function *change, MPI_Offset size)
{
    int err = size < 0 ? negative_error(MPI_ERR_ARG, "size", size) : MPI_SUCCESS;
    if (!err)
        err = file_allows(file->io, FILE_WRITES | FILE_AT_OFFSET);
    err = io_agree(file->comm, kind, err);
    if (!err)
        err = io_agree(file->comm, kind, agree_number(file->comm, kind, "size", size));
    if (err)
        return err;
    if (file->comm->rank == 0) {
        engine_give();
        err = change(file->io, size);
        engine_take();
    }
    return io_agree(file->comm, kind, err);
}

int
PMPI_File_set_size(MPI_File fh, MPI_Offset size)
{
    struct file *file;
    int err = file_enter(fh, &file, FILE_COLLECTIVE);
    if (likely(!err)) {
        err = change_size(file, COLL_FILE_SET_SIZE, system_resize, size);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_set_size", err);
}
weak_alias(PMPI_File_set_size, MPI_File_set_size);

int
PMPI_File_preallocate(MPI_File fh, MPI_Offset size)
{
    struct file *file;
    int err = file_enter(fh, &file, FILE_COLLECTIVE);
    if (likely(!err)) {
        err = change_size(file, COLL_FILE_PREALLOCATE, system_preallocate, size);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_preallocate", err);
}
weak_alias(PMPI_File_preallocate, MPI_File_preallocate);

int
PMPI_File_get_size(MPI_File fh, MPI_Offset *size)
{
    struct file *file;
    int err = file_enter(fh, &file, 0);
    if (likely(!err)) {
        err = check_pointer(size, "size");
        if (!err)
            err = system_size(file->io, size);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_get_size", err);
}
weak_alias(PMPI_File_get_size, MPI_File_get_size);

/* ---- what was given when it was opened ---- */

int
PMPI_File_get_group(MPI_File fh, MPI_Group *group)
{
    struct file *file;
    int err = file_enter(fh, &file, 0);
    if (likely(!err)) {
        err = check_pointer(group, "group");
        if (!err)
            *group = group_give(file->comm->group);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_get_group", err);
}
weak_alias(PMPI_File_get_group, MPI_File_get_group);

int
PMPI_File_get_amode(MPI_File fh, int *amode)
{
    struct file *file;
    int err = file_enter(fh, &file, 0);
    if (likely(!err)) {
        err = check_pointer(amode, "amode");
        if (!err)
            *amode = file->io->amode;
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_get_amode", err);
}
weak_alias(PMPI_File_get_amode, MPI_File_get_amode);

/* ---- atomic mode ---- */

static int
set_atomicity(struct file *file, int flag)
{
    struct comm *comm = file->comm;
    int err = agree_number(comm, COLL_FILE_SET_ATOMICITY, "flag", flag != 0);
    err = io_agree(comm, COLL_FILE_SET_ATOMICITY, err);
    if (!err)
        file->io->atomic = flag != 0;
    return err;
}

int
PMPI_File_set_atomicity(MPI_File fh, int flag)
{
    struct file *file;
    int err = file_enter(fh, &file, FILE_COLLECTIVE);
    if (likely(!err)) {
        err = set_atomicity(file, flag);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_set_atomicity", err);
}
weak_alias(PMPI_File_set_atomicity, MPI_File_set_atomicity);

int
PMPI_File_get_atomicity(MPI_File fh, int *flag)
{
    struct file *file;
    int err = file_enter(fh, &file, 0);
    if (likely(!err)) {
        err = check_pointer(flag, "flag");
        if (!err)
            *flag = file->io->atomic;
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_get_atomicity", err);
}
weak_alias(PMPI_File_get_atomicity, MPI_File_get_atomicity);

/* ---- sync ---- */

// What all have written is in one page cache: when all have come, one call writes it back.
static int
sync_all(struct file *file)
{
    struct io *io = file->io;
    int err = io_agree(file->comm, COLL_FILE_SYNC, MPI_SUCCESS);
    if (!err && file->comm->rank == 0) {
        engine_give();
        err = system_sync(io);
        engine_take();
    }
    return io_agree(file->comm, COLL_FILE_SYNC, err);
}

int
PMPI_File_sync(MPI_File fh)
{
    struct file *file;
    int err = file_enter(fh, &file, FILE_COLLECTIVE);
    if (likely(!err)) {
        err = sync_all(file);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_sync", err);
}
weak_alias(PMPI_File_sync, MPI_File_sync);
