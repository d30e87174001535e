// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Names of signals, and which of them the launcher takes for its ranks. */
#ifndef MUSTER_LAUNCHER_SIGNALS_H
#define MUSTER_LAUNCHER_SIGNALS_H

#include "base/base.h"

#include <signal.h>

/* "SIGSEGV, Segmentation fault" for 11; "real-time signal" where there is no name. */
void signal_describe(int signal, char *text, size_t n);

/*
 * Block every signal, so that each is read where it is expected, and fill `taken` with those that
 * the launcher forwards: those of the list in signals.c that were not ignored when it started.
 * `before` receives the mask that the ranks get back.
 */
void signals_block(sigset_t *taken, sigset_t *before);

/* Does this signal ask for the end of the job? */
static inline bool
signal_ends(int signal)
{
    return signal == SIGINT || signal == SIGTERM || signal == SIGHUP || signal == SIGQUIT;
}

#endif
