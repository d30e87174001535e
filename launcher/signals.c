// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "signals.h"

#include <stdio.h>
#include <string.h>

static const char *const names[] = {
    [SIGHUP] = "SIGHUP",       [SIGINT] = "SIGINT",   [SIGQUIT] = "SIGQUIT",
    [SIGILL] = "SIGILL",       [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT",
    [SIGBUS] = "SIGBUS",       [SIGFPE] = "SIGFPE",   [SIGKILL] = "SIGKILL",
    [SIGUSR1] = "SIGUSR1",     [SIGSEGV] = "SIGSEGV", [SIGUSR2] = "SIGUSR2",
    [SIGPIPE] = "SIGPIPE",     [SIGALRM] = "SIGALRM", [SIGTERM] = "SIGTERM",
    [SIGXCPU] = "SIGXCPU",     [SIGXFSZ] = "SIGXFSZ", [SIGVTALRM] = "SIGVTALRM",
    [SIGPROF] = "SIGPROF",     [SIGSYS] = "SIGSYS",   [SIGPOLL] = "SIGPOLL",
    [SIGPWR] = "SIGPWR",
#ifdef SIGSTKFLT
    [SIGSTKFLT] = "SIGSTKFLT",
#endif
};

void
signal_describe(int signal, char *text, size_t n)
{
    bool known = signal > 0 && (size_t)signal < sizeof names / sizeof names[0] && names[signal];
    if (known)
        snprintf(text, n, "%s, %s", names[signal], strsignal(signal));
    else
        snprintf(text, n, "%s", "real-time signal");
}

void
signals_block(sigset_t *taken, sigset_t *before)
{
    static const int list[] = {SIGINT,  SIGTERM, SIGHUP,   SIGQUIT, SIGUSR1,
                               SIGUSR2, SIGTSTP, SIGWINCH, SIGCONT};
    sigset_t all;
    sigfillset(&all);
    sigemptyset(taken);
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        struct sigaction action;
        if (sigaction(list[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(taken, list[i]);
    }
    // Were SIGCHLD ignored, ranks would be gone before their exit codes are read.
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &plain, NULL);
    sigprocmask(SIG_SETMASK, &all, before);
}
