// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void
terminal_init(struct terminal *terminal, pid_t front)
{
    *terminal = (struct terminal){.fd = -1, .front = front, .reports = -1};
}

/*
 * Report what the terminal sends (the kernel, not a process: a rank's group also gets the signals
 * that the keeper forwards). Ends by the highest signal of all, from the keeper: those that are
 * pending are then reported before it. Else it ends with its group, or with the keeper.
 */
static _Noreturn void
watch_group(pid_t keeper, pid_t group, int pipe)
{
    sigset_t set;
    siginfo_t info;
    setpgid(0, group);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != keeper)
        _exit(1);
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGWINCH);
    sigaddset(&set, SIGRTMAX);
    for (;;) {
        int signal = sigwaitinfo(&set, &info);
        unsigned char byte = (unsigned char)signal;
        if (signal < 0 && errno != EINTR)
            _exit(1);
        if (signal == SIGRTMAX && info.si_pid == keeper)
            _exit(0);
        if (signal > 0 && info.si_code == SI_KERNEL && write(pipe, &byte, 1) != 1)
            _exit(0);
    }
}

static void
close_from(int first)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, first, ~0u, 0) == 0)
        return;
#endif
    long most = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < most; fd++)
        close(fd);
}

static void
sentinel_start(struct terminal *terminal, pid_t group)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return;
    pid_t keeper = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        // Nothing of the keeper's is to stay open, or in its epoll set, because of the sentinel.
        dup2(ends[1], 3);
        close_from(4);
        watch_group(keeper, group, 3);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return;
    }
    setpgid(pid, group);
    terminal->sentinel = pid;
    terminal->reports = ends[0];
}

/* End the sentinel; returns a signal that it reports at the last moment, or 0. */
static int
sentinel_stop(struct terminal *terminal)
{
    unsigned char byte, last = 0;
    if (terminal->reports < 0)
        return 0;
    kill(terminal->sentinel, SIGRTMAX);
    // Until its end closes the pipe; should somebody have stopped it, not longer than a moment.
    while (poll(&(struct pollfd){.fd = terminal->reports, .events = POLLIN}, 1, 500) > 0 &&
           read(terminal->reports, &byte, 1) == 1)
        last = byte == SIGWINCH ? last : byte;
    close(terminal->reports);
    terminal->reports = -1;
    kill(terminal->sentinel, SIGKILL);
    waitpid(terminal->sentinel, NULL, 0);
    return last;
}

bool
terminal_grant(struct terminal *terminal, pid_t group)
{
    if (terminal->fd < 0)
        terminal->fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal->fd < 0)
        return false;
    pid_t foreground = tcgetpgrp(terminal->fd);
    bool ours =
        foreground == terminal->front || (terminal->holder > 0 && foreground == terminal->holder);
    if (!ours)
        return false;
    if (!terminal->has_modes)
        terminal->has_modes = tcgetattr(terminal->fd, &terminal->modes) == 0;
    // The sentinel first: as soon as the group is in the foreground a key may send its signal.
    if (terminal->holder != group) {
        sentinel_stop(terminal);
        sentinel_start(terminal, group);
    }
    terminal->holder = group;
    if (foreground != group && tcsetpgrp(terminal->fd, group) != 0) {
        terminal_revoke(terminal);
        return false;
    }
    kill(-group, SIGCONT);
    return true;
}

int
terminal_revoke(struct terminal *terminal)
{
    // First the foreground, then what came until then.
    if (terminal->holder > 0 && tcgetpgrp(terminal->fd) == terminal->holder)
        tcsetpgrp(terminal->fd, terminal->front);
    terminal->holder = 0;
    return sentinel_stop(terminal);
}

void
terminal_fini(struct terminal *terminal)
{
    if (terminal->fd < 0)
        return;
    terminal_revoke(terminal);
    if (terminal->has_modes && tcgetpgrp(terminal->fd) == terminal->front)
        tcsetattr(terminal->fd, TCSADRAIN, &terminal->modes);
    close(terminal->fd);
    terminal->fd = -1;
}
