// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "io/io.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE (UINT64_C(1) << 30) // bytes: more than 2 GiB - 4 KiB no system call moves

static int
class_of(int number)
{
    switch (number) {
    case ENOENT:
        return MPI_ERR_NO_SUCH_FILE;
    case EEXIST:
        return MPI_ERR_FILE_EXISTS;
    case EACCES:
    case EPERM:
        return MPI_ERR_ACCESS;
    case EROFS:
        return MPI_ERR_READ_ONLY;
    case EISDIR:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO:
    case ENODEV:
        return MPI_ERR_BAD_FILE;
    case ETXTBSY:
    case EBUSY:
        return MPI_ERR_FILE_IN_USE;
    case ENOSPC:
        return MPI_ERR_NO_SPACE;
    case EDQUOT:
        return MPI_ERR_QUOTA;
    case ENOMEM:
        return MPI_ERR_NO_MEM;
    default:
        return MPI_ERR_IO;
    }
}

// A process's own limit on the size of files is a quota; a file system's is not.
static int
too_large(const char *what, const char *path)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return error_new(MPI_ERR_IO, "%s %.200s: %s", what, path, strerror(EFBIG));
    return error_new(MPI_ERR_QUOTA, "%s %.200s: %s (RLIMIT_FSIZE is %llu bytes)", what, path,
                     strerror(EFBIG), (unsigned long long)limit.rlim_cur);
}

int
system_error(int number, const char *what, const char *path)
{
    if (number == EFBIG)
        return too_large(what, path);
    return error_new(class_of(number), "%s %.200s: %s", what, path, strerror(number));
}

/* ---- RLIMIT_FSIZE: an error, not a signal that ends the process ---- */

struct shield {
    bool up, pending;
    sigset_t before;
};

static void
shield_raise(struct shield *s)
{
    struct rlimit limit;
    sigset_t one, pending;
    *s = (struct shield){.up = false};
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return;
    s->up = true;
    sigpending(&pending);
    s->pending = sigismember(&pending, SIGXFSZ) == 1;
    sigemptyset(&one);
    sigaddset(&one, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &one, &s->before);
}

static void
shield_lower(struct shield *s)
{
    sigset_t one;
    int number = errno;
    if (!s->up)
        return;
    sigemptyset(&one);
    sigaddset(&one, SIGXFSZ);
    while (!s->pending && sigtimedwait(&one, NULL, &(struct timespec){0}) == -1 && errno == EINTR)
        ;
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
    errno = number;
}

/* ---- data ---- */

static int
move_error(const struct io *io, const char *verb, uint64_t n, MPI_Offset at)
{
    char what[96];
    int number = errno;
    snprintf(what, sizeof what, "%s %llu bytes at %lld of", verb, (unsigned long long)n,
             (long long)at);
    return system_error(number, what, io->path);
}

static ssize_t
write_some(const struct io *io, const char *from, uint64_t n, MPI_Offset at)
{
    n = min_size(n, AT_ONCE);
    return io->seekable ? pwrite(io->fd, from, n, at) : write(io->fd, from, n);
}

int
system_write(const struct io *io, const void *from, uint64_t n, MPI_Offset at)
{
    struct shield shield;
    uint64_t done = 0;
    ssize_t some = 1;
    shield_raise(&shield);
    while (done < n && (some > 0 || errno == EINTR)) {
        some = write_some(io, (const char *)from + done, n - done, at + (MPI_Offset)done);
        if (some > 0)
            done += (uint64_t)some;
        else if (some == 0)
            errno = ENOSPC; // a device that takes nothing more
    }
    shield_lower(&shield);
    if (done == n)
        return MPI_SUCCESS;
    return move_error(io, "cannot write", n - done, at + (MPI_Offset)done);
}

int
system_read(const struct io *io, void *to, uint64_t n, MPI_Offset at, uint64_t *got)
{
    uint64_t done = 0;
    while (done < n) {
        char *here = (char *)to + done;
        uint64_t m = min_size(n - done, AT_ONCE);
        ssize_t some =
            io->seekable ? pread(io->fd, here, m, at + (MPI_Offset)done) : read(io->fd, here, m);
        if (some > 0)
            done += (uint64_t)some;
        else if (some == 0)
            break;
        else if (errno != EINTR)
            return move_error(io, "cannot read", n - done, at + (MPI_Offset)done);
    }
    *got = done;
    return MPI_SUCCESS;
}

/* ---- sizes ---- */

int
system_size(const struct io *io, MPI_Offset *size)
{
    struct stat about;
    if (fstat(io->fd, &about) != 0)
        return system_error(errno, "cannot look at", io->path);
    *size = about.st_size;
    if (S_ISBLK(about.st_mode) && (*size = lseek(io->fd, 0, SEEK_END)) < 0)
        return system_error(errno, "cannot look at", io->path);
    return MPI_SUCCESS;
}

static int
resize_error(const struct io *io, int number, const char *verb, MPI_Offset size)
{
    char what[96];
    snprintf(what, sizeof what, "cannot %s %lld bytes for", verb, (long long)size);
    return number ? system_error(number, what, io->path) : MPI_SUCCESS;
}

int
system_resize(const struct io *io, MPI_Offset size)
{
    struct shield shield;
    int number;
    shield_raise(&shield);
    do
        number = ftruncate(io->fd, size) == 0 ? 0 : errno;
    while (number == EINTR);
    shield_lower(&shield);
    return resize_error(io, number, "set a size of", size);
}

int
system_preallocate(const struct io *io, MPI_Offset size)
{
    struct shield shield;
    int number;
    if (size == 0)
        return MPI_SUCCESS;
    shield_raise(&shield);
    do
        number = posix_fallocate(io->fd, 0, size);
    while (number == EINTR);
    shield_lower(&shield);
    return resize_error(io, number, "provide", size);
}

// What cannot be written back (a pipe, a terminal) has been.
int
system_sync(const struct io *io)
{
    int number;
    do
        number = fsync(io->fd) == 0 ? 0 : errno;
    while (number == EINTR);
    if (number == EINVAL || number == EROFS || number == ENOTSUP)
        return MPI_SUCCESS;
    return number ? system_error(number, "cannot write back", io->path) : MPI_SUCCESS;
}

/* ---- locks ---- */

// Of the open file description: the kernel takes it back when its owner ends.
static int
set_lock(const struct io *io, int type, MPI_Offset at, MPI_Offset end)
{
    struct flock lock = {
        .l_type = (short)type, .l_whence = SEEK_SET, .l_start = at, .l_len = end - at};
    int number;
    do
        number = fcntl(io->fd, F_OFD_SETLKW, &lock) == 0 ? 0 : errno;
    while (number == EINTR);
    return number;
}

int
system_lock(const struct io *io, bool write, MPI_Offset at, MPI_Offset end)
{
    int number = set_lock(io, write ? F_WRLCK : F_RDLCK, at, end);
    return number ? system_error(number, "cannot lock a part of", io->path) : MPI_SUCCESS;
}

void
system_unlock(const struct io *io, MPI_Offset at, MPI_Offset end)
{
    set_lock(io, F_UNLCK, at, end);
}
