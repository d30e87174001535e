// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "boot/launch.h"

#include "boot/wire.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

struct birth {
    const char *file;
    char **env;
    int fd;
    const sigset_t *mask;
    int error;
    line_aligned char inner[16 * 1024];
    line_aligned char outer[16 * 1024];
};

/* ---- the file ---- */

static bool
is_program(const char *path)
{
    return access(path, X_OK) == 0;
}

static bool
beside_library(char *path, size_t n)
{
    static const char *const places[] = {
        "/../bin/mpiexec",    "/../launcher/mpiexec",  "/mpiexec",
        "/../../bin/mpiexec", "/../../../bin/mpiexec", "/../../../../bin/mpiexec"};
    Dl_info info;
    if (!dladdr((void *)(uintptr_t)launch_start, &info) || !info.dli_fname)
        return false;
    const char *slash = strrchr(info.dli_fname, '/');
    int length = slash ? (int)(slash - info.dli_fname) : 1;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, n, "%.*s%s", length, slash ? info.dli_fname : ".", places[i]);
        if (is_program(path))
            return true;
    }
    return false;
}

static bool
in_path(char *path, size_t n)
{
    for (const char *p = getenv("PATH"); p && *p; p += *p == ':') {
        int length = (int)strcspn(p, ":");
        snprintf(path, n, "%.*s/mpiexec", length, p);
        if (length && is_program(path))
            return true;
        p += length;
    }
    return false;
}

/* ---- the birth: a process whose parent ends at once ---- */

// Memory is the starter's until the program runs, so nothing here but system calls.
static int
become_launcher(void *argument)
{
    struct birth *birth = argument;
    char *argv[] = {(char *)(uintptr_t) "mpiexec", NULL};
    setsid();
    fcntl(birth->fd, F_SETFD, 0);
    sigprocmask(SIG_SETMASK, birth->mask, NULL);
    execve(birth->file, argv, birth->env);
    birth->error = errno;
    return 127;
}

static int
bear(void *argument)
{
    struct birth *birth = argument;
    if (clone(become_launcher, birth->inner + sizeof birth->inner, CLONE_VM | CLONE_VFORK | SIGCHLD,
              birth) < 0)
        birth->error = errno;
    return 0; // to clone's end, which is the process's
}

static int
give_birth(struct birth *birth)
{
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    birth->mask = &before;
    // No exit signal: the caller gets no SIGCHLD, and no wait of its own finds the process.
    pid_t pid = clone(bear, birth->outer + sizeof birth->outer, CLONE_VM | CLONE_VFORK, birth);
    int error = pid < 0 ? errno : 0;
    while (pid > 0 && waitpid(pid, NULL, (int)__WCLONE) < 0 && errno == EINTR)
        ;
    sigprocmask(SIG_SETMASK, &before, NULL);
    return error ? error : birth->error;
}

// The environment with one variable more.
static char **
environment_with(char *entry)
{
    size_t n = 0;
    while (environ && environ[n])
        n++;
    char **env = malloc((n + 2) * sizeof *env);
    if (!env)
        return NULL;
    memcpy(env, environ, n * sizeof *env);
    env[n] = entry;
    env[n + 1] = NULL;
    return env;
}

static int
start(const char *file, int fd)
{
    char entry[40];
    snprintf(entry, sizeof entry, WIRE_LAUNCH "=%d", fd);
    char **env = environment_with(entry);
    struct birth *birth = aligned_alloc(CACHE_LINE, align_up(sizeof *birth, CACHE_LINE));
    int err = ENOMEM;
    if (env && birth) {
        *birth = (struct birth){.file = file, .env = env, .fd = fd};
        err = give_birth(birth);
    }
    free(birth);
    free(env);
    return err;
}

/* ---- the plan ---- */

static bool
send_all(int fd, const void *data, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t m = send(fd, (const char *)data + at, n - at, MSG_NOSIGNAL);
        if (m < 0 && errno != EINTR)
            return false;
        at += m > 0 ? (size_t)m : 0;
    }
    return true;
}

static bool
send_plan(const struct launch *launch)
{
    struct launch_head head = {.mode = launch->mode,
                               .pid = getpid(),
                               .parent = launch->parent,
                               .rank = launch->rank,
                               .nprograms = launch->nprograms,
                               .port = launch->port,
                               .bytes = launch->bytes};
    if (launch->errhandler)
        snprintf(head.errhandler, sizeof head.errhandler, "%s", launch->errhandler);
    return send_all(launch->fd, &head, sizeof head) &&
           send_all(launch->fd, launch->text, launch->bytes);
}

int
launch_start(struct launch *launch, const char *launcher, char *why, size_t n)
{
    char file[PATH_MAX];
    int ends[2];
    if (launcher && is_program(launcher)) {
        snprintf(file, sizeof file, "%s", launcher);
    } else if (!beside_library(file, sizeof file) && !in_path(file, sizeof file)) {
        snprintf(why, n, "there is no mpiexec beside the library, nor in PATH");
        return -1;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        snprintf(why, n, "no socket: %s", strerror(errno));
        return -1;
    }
    int err = start(file, ends[1]);
    close(ends[1]);
    launch->fd = ends[0];
    if (!err && send_plan(launch))
        return 0;
    snprintf(why, n, "cannot run '%.200s': %s", file, strerror(err ? err : errno));
    close(ends[0]);
    return -1;
}

int
launch_wait(struct launch *launch, struct launch_reply *reply)
{
    size_t at = 0;
    int err = 0;
    while (at < sizeof *reply && !err) {
        ssize_t m = recv(launch->fd, (char *)reply + at, sizeof *reply - at, 0);
        if (m > 0)
            at += (size_t)m;
        else if (m == 0)
            err = ECONNRESET;
        else if (errno != EINTR)
            err = errno;
    }
    close(launch->fd);
    return err;
}
