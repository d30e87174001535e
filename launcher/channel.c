// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

/* Together all pipes of a job may take half of what the kernel grants an unprivileged user (64 MiB;
 * beyond that it makes pipes of one page). */
#define PIPE_BYTES     (1 << 20)
#define PIPE_BYTES_ALL (32 << 20)

static bool
is_null_device(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

static enum route
route_of(int fd, const struct stat *st, bool alone)
{
    if (alone || is_null_device(st))
        return ROUTE_DIRECT;
    return isatty(fd) ? ROUTE_TERMINAL : ROUTE_PIPE;
}

/* The largest power of two that all pipes may have; 0 if the default is not to be changed. */
static int
pipe_bytes(int pipes)
{
    int bytes = PIPE_BYTES;
    while (bytes > PIPE_BYTES_ALL / pipes)
        bytes /= 2;
    return bytes > 65536 ? bytes : 0;
}

struct outputs
outputs_plan(const struct options *options)
{
    struct outputs outputs = {.merged = options->merge};
    struct stat st[2] = {{.st_ino = 0}, {.st_ino = 0}};
    bool alone = options->nranks == 1 && !options->tag;
    for (int i = 0; i < 2; i++) {
        fstat(i + 1, &st[i]);
        outputs.route[i] = route_of(i + 1, &st[i], alone);
        if (outputs.route[i] == ROUTE_TERMINAL)
            ioctl(i + 1, TIOCGWINSZ, &outputs.window);
    }
    if (st[0].st_dev == st[1].st_dev && st[0].st_ino == st[1].st_ino)
        outputs.merged = true;
    if (outputs.merged)
        outputs.route[1] = outputs.route[0];
    outputs.pipe_bytes = pipe_bytes(options->nranks * (outputs.merged ? 1 : 2));
    return outputs;
}

/* The other end of a pseudo terminal, even where its file system is not mounted. */
static int
open_other_end(int master)
{
    int flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
#ifdef TIOCGPTPEER
    int fd = ioctl(master, TIOCGPTPEER, flags);
    if (fd >= 0)
        return fd;
#endif
    char name[64];
    return ptsname_r(master, name, sizeof name) == 0 ? open(name, flags) : -1;
}

/* A pseudo terminal that changes no byte: the real one does what there is to do. */
static int
open_terminal(struct channel *channel, const struct winsize *window)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0)
        return errno;
    int other = unlockpt(master) == 0 ? open_other_end(master) : -1;
    struct termios t;
    if (other < 0 || tcgetattr(other, &t) != 0) {
        int err = errno;
        close(master);
        if (other >= 0)
            close(other);
        return err;
    }
    t.c_oflag &= ~(tcflag_t)OPOST;
    t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    tcsetattr(other, TCSANOW, &t);
    ioctl(other, TIOCSWINSZ, window);
    *channel = (struct channel){.reader = master, .writer = other};
    return 0;
}

static int
open_pipe(struct channel *channel, int bytes)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    if (bytes)
        fcntl(ends[0], F_SETPIPE_SZ, bytes);
    *channel = (struct channel){.reader = ends[0], .writer = ends[1]};
    return 0;
}

int
channel_open(struct channel *channel, const struct outputs *outputs, int output)
{
    int err = EINVAL;
    if (outputs->route[output] == ROUTE_TERMINAL)
        err = open_terminal(channel, &outputs->window);
    // Where no more pseudo terminals are to be had, output still comes through.
    if (err)
        err = open_pipe(channel, outputs->pipe_bytes);
    if (!err)
        fcntl(channel->reader, F_SETFL, O_NONBLOCK);
    return err;
}
