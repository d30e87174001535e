// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * vfork: the child borrows the caller's memory until it executes the program, so nothing is copied,
 * an error is handed over in a variable, and spawn returns when the program runs or cannot. The
 * child therefore calls nothing but system calls, and writes to *start alone.
 *
 * Descriptors are copied, though, and closed again when the program is executed, which for each of
 * many ranks is a look at the pidfds of all before it. A caller that has many keeps them together
 * above the others: then the child shares the table at first, and takes a copy of the rest.
 */
#include "spawn.h"

#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Of kernel 5.9 and newer; an older one refuses the call.
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE 2
#endif

static noinline_ _Noreturn void
become_rank(struct start *start)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != start->parent) // it died before the line above took effect
        _exit(1);
    for (int fd = 0; fd < 3; fd++)
        if (start->stdio[fd] != fd)
            dup2(start->stdio[fd], fd);
    if (start->nofile)
        setrlimit(RLIMIT_NOFILE, start->nofile);
    start->no_wdir = start->wdir && chdir(start->wdir) != 0;
    if (!start->no_wdir) {
        sigprocmask(SIG_SETMASK, start->mask, NULL);
        execve(start->file, start->argv, start->env);
    }
    start->error = errno;
    _exit(127);
}

static int
leave_table(void *argument)
{
    struct start *start = argument;
    if (syscall(SYS_close_range, start->high, ~0u, CLOSE_RANGE_UNSHARE) != 0 &&
        unshare(CLONE_FILES) != 0) {
        start->error = errno;
        _exit(127);
    }
    become_rank(start);
}

/* As vfork; glibc's clone, because the child must not return into the caller's frames. */
static pid_t
share_table(struct start *start)
{
    _Alignas(16) static char stack[32 * 1024];
    int flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD;
    return clone(leave_table, stack + sizeof stack, flags, start);
}

pid_t
spawn(struct start *start)
{
    start->error = 0;
    pid_t pid = start->high ? share_table(start) : vfork();
    if (pid == 0)
        become_rank(start);
    if (pid < 0) {
        start->error = errno;
        return -1;
    }
    if (start->error) {
        waitpid(pid, NULL, 0);
        return -1;
    }
    return pid;
}
