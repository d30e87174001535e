// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void
terminal_init(struct terminal *terminal, pid_t front)
{
    *terminal = (struct terminal){.fd = -1, .front = front, .reports = -1};
}

/* Report what the terminal sends (the kernel, not a process: a rank's group also gets the signals
 * that the keeper forwards). Ends with its group or with the keeper. */
static _Noreturn void
watch_group(pid_t group, int pipe)
{
    sigset_t set;
    siginfo_t info;
    setpgid(0, group);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGWINCH);
    for (;;) {
        int signal = sigwaitinfo(&set, &info);
        unsigned char byte = (unsigned char)signal;
        if (signal < 0 && errno != EINTR)
            _exit(1);
        if (signal > 0 && info.si_code == SI_KERNEL && write(pipe, &byte, 1) != 1)
            _exit(0);
    }
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
        if (getppid() != keeper)
            _exit(1);
        close(ends[0]);
        watch_group(group, ends[1]);
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

static void
sentinel_stop(struct terminal *terminal)
{
    if (terminal->reports < 0)
        return;
    close(terminal->reports);
    terminal->reports = -1;
    kill(terminal->sentinel, SIGKILL);
    waitpid(terminal->sentinel, NULL, 0);
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
    if (!ours || (foreground != group && tcsetpgrp(terminal->fd, group) != 0))
        return false;
    if (!terminal->has_modes)
        terminal->has_modes = tcgetattr(terminal->fd, &terminal->modes) == 0;
    sentinel_stop(terminal);
    terminal->holder = group;
    sentinel_start(terminal, group);
    kill(-group, SIGCONT);
    return true;
}

void
terminal_revoke(struct terminal *terminal)
{
    sentinel_stop(terminal);
    if (terminal->holder > 0 && tcgetpgrp(terminal->fd) == terminal->holder)
        tcsetpgrp(terminal->fd, terminal->front);
    terminal->holder = 0;
}

void
terminal_fini(struct terminal *terminal)
{
    if (terminal->fd < 0)
        return;
    bool held = terminal->has_modes;
    terminal_revoke(terminal);
    if (held && tcgetpgrp(terminal->fd) == terminal->front)
        tcsetattr(terminal->fd, TCSADRAIN, &terminal->modes);
    close(terminal->fd);
    terminal->fd = -1;
}
