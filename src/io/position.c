// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* File pointers (MPI 5.0, 14.4.3 and 14.4.4). The shared one is a word in the segment that is
 * moved by one atomic addition: nobody waits for a member that dies. */
#include "io/io.h"

static int
no_place(const char *base, MPI_Offset from, MPI_Offset offset)
{
    return error_new(MPI_ERR_ARG, "offset %lld from %s (%lld) is not in the file",
                     (long long)offset, base, (long long)from);
}

static int
target(const struct io *io, MPI_Offset now, MPI_Offset offset, int whence, MPI_Offset *to)
{
    MPI_Offset from = 0, size;
    int err = MPI_SUCCESS;
    const char *base = "the beginning";
    if (whence == MPI_SEEK_CUR) {
        base = "the present place";
        from = now;
    } else if (whence == MPI_SEEK_END) {
        base = "the end";
        err = system_size(io, &size);
        from = err ? 0 : view_end(io->view, size);
    } else if (whence != MPI_SEEK_SET) {
        err = error_new(MPI_ERR_ARG, "whence %d is none of MPI_SEEK_SET, _CUR and _END", whence);
    }
    if (!err && (__builtin_add_overflow(from, offset, to) || *to < 0))
        err = no_place(base, from, offset);
    return err;
}

static int
seek(struct io *io, MPI_Offset offset, int whence)
{
    MPI_Offset to;
    int err = target(io, io->pointer, offset, whence, &to);
    if (!err)
        io->pointer = to;
    return err;
}

int
PMPI_File_seek(MPI_File fh, MPI_Offset offset, int whence)
{
    struct file *file;
    int err = file_enter(fh, &file, FILE_AT_OFFSET);
    if (likely(!err)) {
        err = seek(file->io, offset, whence);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_seek", err);
}
weak_alias(PMPI_File_seek, MPI_File_seek);

int
PMPI_File_get_position(MPI_File fh, MPI_Offset *offset)
{
    struct file *file;
    int err = file_enter(fh, &file, FILE_AT_OFFSET);
    if (likely(!err)) {
        err = check_pointer(offset, "offset");
        if (!err)
            *offset = file->io->pointer;
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_get_position", err);
}
weak_alias(PMPI_File_get_position, MPI_File_get_position);

/* ---- the shared one ---- */

struct wish {
    int64_t offset;
    int64_t whence;
};

// When all have come, and before any goes on: what follows begins there at all of them.
static int
seek_shared(struct file *file, MPI_Offset offset, int whence)
{
    struct comm *comm = file->comm;
    struct io *io = file->io;
    struct wish first = {offset, whence};
    MPI_Offset to = 0;
    int err = agree_give(comm, COLL_FILE_SEEK_SHARED, &first, sizeof first);
    if (!err && (first.offset != offset || first.whence != whence))
        err = error_new(MPI_ERR_NOT_SAME, "offset %lld and whence %d here, %lld and %d at rank 0",
                        (long long)offset, whence, (long long)first.offset, (int)first.whence);
    err = io_agree(comm, COLL_FILE_SEEK_SHARED, err);
    if (err)
        return err;
    if (comm->rank == 0) {
        int64_t now = atomic_load_explicit(&io->shared->pointer, memory_order_relaxed);
        err = target(io, now, offset, whence, &to);
        if (!err)
            atomic_store_explicit(&io->shared->pointer, to, memory_order_relaxed);
    }
    return io_agree(comm, COLL_FILE_SEEK_SHARED, err);
}

int
PMPI_File_seek_shared(MPI_File fh, MPI_Offset offset, int whence)
{
    struct file *file;
    int err = file_enter(fh, &file, FILE_COLLECTIVE | FILE_AT_OFFSET);
    if (likely(!err)) {
        err = seek_shared(file, offset, whence);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_seek_shared", err);
}
weak_alias(PMPI_File_seek_shared, MPI_File_seek_shared);

int
PMPI_File_get_position_shared(MPI_File fh, MPI_Offset *offset)
{
    struct file *file;
    int err = file_enter(fh, &file, FILE_AT_OFFSET);
    if (likely(!err)) {
        err = check_pointer(offset, "offset");
        if (!err)
            *offset = atomic_load_explicit(&file->io->shared->pointer, memory_order_relaxed);
        file_leave(file);
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(fh, "MPI_File_get_position_shared", err);
}
weak_alias(PMPI_File_get_position_shared, MPI_File_get_position_shared);
