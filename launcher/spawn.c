// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * vfork: the child borrows the caller's memory until it executes the program, so nothing is copied,
 * an error is handed over in a variable, and spawn returns when the program runs or cannot. The
 * child therefore calls nothing but system calls, and writes to *start alone.
 */
#include "spawn.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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

pid_t
spawn(struct start *start)
{
    start->error = 0;
    pid_t pid = vfork();
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
