// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Hints (MPI 5.0, 14.2.8): those that do something here. */
#include "info/info.h"
#include "io/io.h"

#include <fcntl.h>
#include <string.h>

static void
keep(char *to, size_t n, const struct info *info, const char *key)
{
    const char *value = info_value(info, key);
    if (value && strlen(value) < n)
        strcpy(to, value);
}

// How the system reads ahead.
static void
advise(const struct io *io)
{
    if (io->fd < 0)
        return;
    if (strstr(io->hints.access_style, "random"))
        posix_fadvise(io->fd, 0, 0, POSIX_FADV_RANDOM);
    else if (strstr(io->hints.access_style, "sequential"))
        posix_fadvise(io->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
}

int
hints_take(struct io *io, MPI_Info handle)
{
    struct info *info;
    if (handle == MPI_INFO_NULL)
        return MPI_SUCCESS;
    int err = info_find(handle, &info);
    if (err)
        return err;
    struct hints *hints = &io->hints;
    keep(hints->access_style, sizeof hints->access_style, info, "access_style");
    keep(hints->file_perm, sizeof hints->file_perm, info, "file_perm");
    const char *merge = info_value(info, "collective_buffering");
    hints->off |= merge && strcmp(merge, "false") == 0;
    hints->off &= !(merge && strcmp(merge, "true") == 0);
    advise(io);
    return MPI_SUCCESS;
}

// Merging takes all members: they have the same hint, or none uses it.
static int
set_info(struct file *file, MPI_Info info)
{
    int err = hints_take(file->io, info);
    return io_agree(file->comm, COLL_FILE_SET_INFO, err);
}

int
PMPI_File_set_info(MPI_File fh, MPI_Info info)
{
    struct file *file;
    int err = file_enter(fh, &file, FILE_COLLECTIVE);
    if (likely(!err)) {
        err = set_info(file, info);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_set_info", err);
}
weak_alias(PMPI_File_set_info, MPI_File_set_info);

static int
put_hints(struct info *info, const struct io *io)
{
    int err = MPI_SUCCESS;
    if (strlen(io->path) < MPI_MAX_INFO_VAL)
        err = info_put(info, "filename", io->path);
    if (!err)
        err = info_put(info, "collective_buffering", io->hints.off ? "false" : "true");
    if (!err && io->hints.access_style[0])
        err = info_put(info, "access_style", io->hints.access_style);
    if (!err && io->hints.file_perm[0])
        err = info_put(info, "file_perm", io->hints.file_perm);
    return err;
}

static int
get_info(const struct io *io, MPI_Info *handle)
{
    int err = check_pointer(handle, "info_used");
    if (err)
        return err;
    struct info *info = info_new();
    if (!info)
        return error_new(MPI_ERR_NO_MEM, "no memory for another info object");
    err = put_hints(info, io);
    if (err)
        info_end(info);
    else
        *handle = (MPI_Info)handle_of(HANDLE_INFO, info);
    return err;
}

int
PMPI_File_get_info(MPI_File fh, MPI_Info *info_used)
{
    struct file *file;
    int err = file_enter(fh, &file, 0);
    if (likely(!err)) {
        err = get_info(file->io, info_used);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_get_info", err);
}
weak_alias(PMPI_File_get_info, MPI_File_get_info);
