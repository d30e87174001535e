// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The life of a file (MPI 5.0, 14.2). Rank 0 opens it first, creates it if that is wanted, and
 * tells the others, so that MPI_MODE_EXCL means the file and not the members. Whatever fails at one
 * of them fails at all.
 */
#include "comm/comm.h"
#include "group/group.h"
#include "info/info.h"
#include "io/io.h"
#include "shm/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ACCESS_MODES (MPI_MODE_RDONLY | MPI_MODE_WRONLY | MPI_MODE_RDWR)
#define MODES                                                                                      \
    (ACCESS_MODES | MPI_MODE_CREATE | MPI_MODE_EXCL | MPI_MODE_DELETE_ON_CLOSE |                   \
     MPI_MODE_UNIQUE_OPEN | MPI_MODE_SEQUENTIAL | MPI_MODE_APPEND)

/* ---- agreement ---- */

// The text without the class in front of it.
static void
plain_text(int code, char *text, size_t n)
{
    char whole[MPI_MAX_ERROR_STRING];
    error_text(code, whole, sizeof whole);
    const char *colon = strstr(whole, ": ");
    snprintf(text, n, "%.200s", colon ? colon + 2 : whole);
}

int
io_tell(struct comm *comm, enum coll_kind kind, int leader, int errclass, int err)
{
    char text[240] = "";
    if (comm->rank == leader)
        plain_text(err, text, sizeof text);
    int agreed = agree_give_from(comm, kind, leader, text, sizeof text);
    if (err || agreed)
        return err ? err : agreed;
    return error_new(errclass, "rank %d: %s", leader, text);
}

int
io_agree(struct comm *comm, enum coll_kind kind, int err)
{
    if (comm->size == 1)
        return err;
    int *all = calloc((size_t)comm->size, sizeof *all), leader = 0;
    if (!all)
        return error_new(MPI_ERR_NO_MEM, "no memory for the answers of %d ranks", comm->size);
    all[comm->rank] = err ? error_class(err) : MPI_SUCCESS;
    int agreed = agree_gather(comm, kind, all, sizeof *all);
    while (!agreed && leader < comm->size && !all[leader])
        leader++;
    int errclass = leader < comm->size ? all[leader] : MPI_SUCCESS;
    free(all);
    if (agreed)
        return err ? err : agreed;
    return errclass ? io_tell(comm, kind, leader, errclass, err) : MPI_SUCCESS;
}

/* ---- calls ---- */

int
file_allows(const struct io *io, int flags)
{
    if (flags & FILE_AT_OFFSET && io->amode & MPI_MODE_SEQUENTIAL)
        return error_new(MPI_ERR_UNSUPPORTED_OPERATION,
                         "%.200s was opened with MPI_MODE_SEQUENTIAL: only the shared file pointer "
                         "can be used",
                         io->path);
    if (flags & FILE_READS && io->amode & MPI_MODE_WRONLY)
        return error_new(MPI_ERR_ACCESS, "%.200s was opened with MPI_MODE_WRONLY", io->path);
    if (flags & FILE_WRITES && io->amode & MPI_MODE_RDONLY)
        return error_new(MPI_ERR_READ_ONLY, "%.200s was opened with MPI_MODE_RDONLY", io->path);
    if (flags & FILE_COLLECTIVE && io->split)
        return error_new(MPI_ERR_IO, "%s on %.200s has not been ended", io->split->name, io->path);
    return MPI_SUCCESS;
}

int
file_enter(MPI_File handle, struct file **file, int flags)
{
    int err = engine_enter();
    if (unlikely(err))
        return err;
    err = file_find(handle, file);
    if (likely(!err))
        err = file_allows((*file)->io, flags);
    if (likely(!err))
        file_hold(*file);
    else
        engine_leave();
    return err;
}

void
file_leave(struct file *file)
{
    file_release(file);
    engine_leave();
}

/* ---- opening ---- */

struct opening {
    const char *name;
    int amode;
    MPI_Info info;
};

static int
check_amode(int amode)
{
    int access = amode & ACCESS_MODES;
    if (amode & ~MODES)
        return error_new(MPI_ERR_AMODE, "amode %d has bits that are no mode: 0x%x", amode,
                         (unsigned)(amode & ~MODES));
    if (access != MPI_MODE_RDONLY && access != MPI_MODE_WRONLY && access != MPI_MODE_RDWR)
        return error_new(MPI_ERR_AMODE,
                         "amode %d does not have one of MPI_MODE_RDONLY, MPI_MODE_WRONLY and "
                         "MPI_MODE_RDWR",
                         amode);
    if (access == MPI_MODE_RDONLY && amode & (MPI_MODE_CREATE | MPI_MODE_EXCL))
        return error_new(MPI_ERR_AMODE, "amode %d has MPI_MODE_RDONLY with %s", amode,
                         amode & MPI_MODE_CREATE ? "MPI_MODE_CREATE" : "MPI_MODE_EXCL");
    if (access == MPI_MODE_RDWR && amode & MPI_MODE_SEQUENTIAL)
        return error_new(MPI_ERR_AMODE, "amode %d has MPI_MODE_RDWR with MPI_MODE_SEQUENTIAL",
                         amode);
    return MPI_SUCCESS;
}

static int
open_flags(int amode, bool first)
{
    int flags = O_CLOEXEC;
    flags |= amode & MPI_MODE_RDONLY ? O_RDONLY : amode & MPI_MODE_WRONLY ? O_WRONLY : O_RDWR;
    if (first && amode & MPI_MODE_CREATE)
        flags |= O_CREAT;
    if (first && amode & MPI_MODE_EXCL)
        flags |= O_EXCL;
    return flags;
}

static char *
whole_path(const char *name)
{
    char here[PATH_MAX], *path;
    if (name[0] == '/' || !getcwd(here, sizeof here))
        return strdup(name);
    return asprintf(&path, "%s/%s", here, name) < 0 ? NULL : path;
}

static mode_t
permissions(const struct hints *hints)
{
    return hints->file_perm[0] ? (mode_t)strtol(hints->file_perm, NULL, 8) & 07777 : 0666;
}

// What open(2) lets pass.
static int
look_at(struct io *io)
{
    struct stat about;
    if (fstat(io->fd, &about) != 0)
        return system_error(errno, "cannot look at", io->path);
    if (S_ISDIR(about.st_mode))
        return system_error(EISDIR, "cannot open", io->path);
    io->regular = S_ISREG(about.st_mode);
    io->seekable = lseek(io->fd, 0, SEEK_CUR) >= 0;
    return MPI_SUCCESS;
}

static int
open_here(struct io *io, bool first)
{
    mode_t mode = permissions(&io->hints);
    engine_give();
    do
        io->fd = open(io->path, open_flags(io->amode, first), mode);
    while (io->fd < 0 && errno == EINTR);
    int number = errno;
    engine_take();
    return io->fd < 0 ? system_error(number, "cannot open", io->path) : look_at(io);
}

// What rank 0 gives.
struct birth {
    uint64_t context, shared;
    int32_t amode, errclass;
    char text[240];
};

// A process alone, and a file of one rank, need nothing in the segment.
static int
make_shared(struct io *io, const struct comm *comm, struct birth *birth)
{
    char why[256];
    if (comm->size == 1) {
        io->shared = calloc(1, sizeof *io->shared);
        return io->shared ? MPI_SUCCESS
                          : error_new(MPI_ERR_NO_MEM, "no memory for a shared file pointer");
    }
    birth->shared = arena_alloc(engine.seg, sizeof *io->shared, why, sizeof why);
    return birth->shared ? MPI_SUCCESS : error_new(MPI_ERR_NO_MEM, "%s", why);
}

static int
open_first(struct io *io, const struct comm *comm, struct birth *birth)
{
    int err = open_here(io, true);
    if (!err)
        err = make_shared(io, comm, birth);
    birth->context = contexts_take(1);
    birth->amode = io->amode;
    birth->errclass = err ? error_class(err) : MPI_SUCCESS;
    if (err)
        plain_text(err, birth->text, sizeof birth->text);
    return err;
}

static int
open_next(struct io *io, const struct comm *comm, const struct birth *birth)
{
    if (birth->errclass)
        return error_new(birth->errclass, "rank 0: %s", birth->text);
    if (birth->amode != io->amode)
        return error_new(MPI_ERR_NOT_SAME, "amode is %d here, %d at rank 0", io->amode,
                         birth->amode);
    io->shared_at = birth->shared;
    io->shared = segment_at(peer_get(comm->peers[0])->segment, birth->shared);
    return open_here(io, false);
}

// Everybody says whether its arguments are right, rank 0 opens, the others open.
static int
open_all(struct io *io, struct comm *comm, struct birth *birth, int err)
{
    err = io_agree(comm, COLL_FILE_OPEN, err);
    if (err)
        return err;
    if (comm->rank == 0)
        err = open_first(io, comm, birth);
    int agreed = agree_give(comm, COLL_FILE_OPEN, birth, sizeof *birth);
    if (agreed)
        return err ? err : agreed;
    if (comm->rank == 0 && birth->shared) {
        io->shared_at = birth->shared;
        io->shared = segment_at(peer_get(comm->peers[0])->segment, birth->shared);
    } else if (comm->rank) {
        err = open_next(io, comm, birth);
    }
    return io_agree(comm, COLL_FILE_OPEN, err);
}

static struct view *
first_view(void)
{
    struct view *view = view_new();
    if (!view)
        return NULL;
    view->etype = view->filetype = view->tile = type_get(MPI_BYTE);
    for (int i = 0; i < 3; i++)
        type_hold(view->tile);
    view->unit = 1;
    strcpy(view->name, "native");
    return view;
}

static void
io_free(struct io *io, bool owner)
{
    if (io->fd >= 0)
        close(io->fd);
    if (io->view)
        view_release(io->view);
    if (!io->shared_at)
        free(io->shared);
    else if (owner)
        arena_free(engine.seg, io->shared_at);
    if (io->room && owner)
        arena_free(engine.seg, io->room);
    pthread_mutex_destroy(&io->one);
    free(io->bounce);
    free(io->path);
    free(io);
}

static struct io *
io_new(const struct opening *args, int *err)
{
    struct io *io = calloc(1, sizeof *io);
    if (!io) {
        *err = error_new(MPI_ERR_NO_MEM, "no memory for a file");
        return NULL;
    }
    io->fd = -1;
    io->amode = args->amode;
    io->hints.merge = true;
    pthread_mutex_init(&io->one, NULL);
    *err = check_pointer(args->name, "filename");
    if (!*err)
        *err = check_amode(args->amode);
    if (!*err)
        *err = hints_take(io, args->info);
    if (!*err && (!(io->path = whole_path(args->name)) || !(io->view = first_view())))
        *err = error_new(MPI_ERR_NO_MEM, "no memory for a file");
    return io;
}

static int
make_comm(struct comm *comm, uint64_t context, struct comm **made)
{
    struct comm_plan plan = {
        .group = comm->group, .errhandler = errhandler_of_files(), .context = context};
    MPI_Comm handle;
    int err = comm_make(&plan, &handle);
    *made = err ? NULL : comm_get(handle);
    return err;
}

// The handle. Individual and shared pointers begin at the end of a file that is appended to.
static int
make_file(struct io *io, struct comm *comm, uint64_t context, struct file **made)
{
    MPI_Offset size = 0;
    int err = io->amode & MPI_MODE_APPEND ? system_size(io, &size) : MPI_SUCCESS;
    struct file *file = err ? NULL : pool_alloc(HANDLE_FILE, sizeof *file);
    if (!err && !file)
        err = error_new(MPI_ERR_NO_MEM, "no memory for a file");
    if (!err && (err = make_comm(comm, context, &file->comm)))
        pool_free(HANDLE_FILE, file);
    if (err)
        return err;
    file->refs = 1;
    file->handle = (MPI_File)handle_of(HANDLE_FILE, file);
    file->io = io;
    file->comm->file = file;
    errhandler_hold(file->errhandler = errhandler_of_files());
    io->pointer = size;
    if (comm->rank == 0)
        atomic_store_explicit(&io->shared->pointer, size, memory_order_relaxed);
    *made = file;
    return MPI_SUCCESS;
}

void
file_end(struct file *file)
{
    file->comm->file = NULL;
    io_free(file->io, false);
    comm_drop(file->comm);
    errhandler_release(file->errhandler);
    pool_free(HANDLE_FILE, file);
}

static int
open_held(struct comm *comm, const struct opening *args, MPI_File *fh)
{
    struct birth birth = {.shared = 0};
    struct file *file = NULL;
    int err;
    struct io *io = io_new(args, &err);
    if (!io)
        return io_agree(comm, COLL_FILE_OPEN, err);
    err = open_all(io, comm, &birth, err);
    if (err) {
        if (comm->rank == 0 && birth.shared)
            io->shared_at = birth.shared;
        io_free(io, comm->rank == 0);
        return err;
    }
    err = io_agree(comm, COLL_FILE_OPEN, make_file(io, comm, birth.context, &file));
    if (err && file) {
        if (comm->rank == 0 && io->shared_at)
            arena_free(engine.seg, io->shared_at);
        file_end(file);
    } else if (err) {
        io_free(io, comm->rank == 0);
    } else {
        *fh = file->handle;
    }
    return err;
}

static int
open_file(MPI_Comm handle, const struct opening *args, MPI_File *fh)
{
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (!err && comm_is_inter(comm))
        err = error_new(MPI_ERR_COMM, "a file cannot be opened by an intercommunicator");
    if (!err)
        err = check_pointer(fh, "fh");
    if (!err)
        err = engine_failed();
    if (err)
        return err;
    comm_hold(comm);
    err = open_held(comm, args, fh);
    comm_release(comm);
    return err;
}

int
PMPI_File_open(MPI_Comm comm, const char *filename, int amode, MPI_Info info, MPI_File *fh)
{
    struct opening args = {filename, amode, info};
    int err = engine_enter();
    if (likely(!err)) {
        err = open_file(comm, &args, fh);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(MPI_FILE_NULL, "MPI_File_open", err);
}
weak_alias(PMPI_File_open, MPI_File_open);

/* ---- closing ---- */

static int
remove_file(const char *path)
{
    engine_give();
    int number = unlink(path) == 0 ? 0 : errno;
    engine_take();
    return number ? system_error(number, "cannot delete", path) : MPI_SUCCESS;
}

// Who closes last finds it deleted: all wait for rank 0.
static int
close_all(struct file *file)
{
    struct io *io = file->io;
    struct comm *comm = file->comm;
    int err = io_agree(comm, COLL_FILE_CLOSE, MPI_SUCCESS);
    if (err)
        return err;
    if (close(io->fd) != 0 && errno != EINTR)
        err = system_error(errno, "cannot close", io->path);
    io->fd = -1;
    if (comm->rank == 0) {
        if (io->amode & MPI_MODE_DELETE_ON_CLOSE && !err)
            err = remove_file(io->path);
        if (io->shared_at)
            arena_free(engine.seg, io->shared_at);
        if (io->room)
            arena_free(engine.seg, io->room);
    }
    if (io->amode & MPI_MODE_DELETE_ON_CLOSE)
        err = io_agree(comm, COLL_FILE_CLOSE, err);
    return err;
}

static void
drop(struct file *file)
{
    handle_retire(file);
    file->handle = (MPI_File)handle_of(HANDLE_FILE, file);
    file_release(file);
}

// The handle ends whatever happens, but its error handler hears of it first.
int
PMPI_File_close(MPI_File *fh)
{
    struct file *file;
    MPI_File handle = fh ? *fh : MPI_FILE_NULL;
    int err = check_pointer(fh, "fh");
    if (!err)
        err = file_enter(handle, &file, FILE_COLLECTIVE);
    if (err)
        return file_raise(handle, "MPI_File_close", err);
    err = close_all(file);
    if (unlikely(err)) {
        engine_leave();
        err = file_raise(handle, "MPI_File_close", err);
        engine_enter();
    }
    drop(file);
    file_leave(file);
    *fh = MPI_FILE_NULL;
    return err;
}
weak_alias(PMPI_File_close, MPI_File_close);

static int delete (const char *filename, MPI_Info handle)
{
    struct info *info;
    int err = check_pointer(filename, "filename");
    if (!err && handle != MPI_INFO_NULL)
        err = info_find(handle, &info);
    return err ? err : remove_file(filename);
}

int
PMPI_File_delete(const char *filename, MPI_Info info)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = delete (filename, info);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(MPI_FILE_NULL, "MPI_File_delete", err);
}
weak_alias(PMPI_File_delete, MPI_File_delete);
