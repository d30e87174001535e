// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Standard input from a terminal, without reading it.
 *
 * Ranks run in process groups of their own, in the background of the terminal. Rank 0 has the real
 * terminal as its standard input, and when it reads (or changes the terminal's modes) the kernel
 * stops it with SIGTTIN (SIGTTOU): that is how the keeper, its parent, learns that it wants the
 * terminal. If mpiexec's own group is in the foreground, the keeper puts the rank's group there
 * and continues it: it now has the terminal as it would have without a launcher, line editing and
 * password prompts included, and what it does not read stays for the shell. If mpiexec is in the
 * background, it stops as any program would, and the rank waits for `fg`.
 *
 * While a rank holds the terminal, the keys ^C, ^\ and the window's changes go to its group alone.
 * A sentinel, a process that does nothing but wait in that group, tells the keeper of them. ^Z
 * needs none: the keeper sees the rank stop.
 */
#ifndef MUSTER_LAUNCHER_TERMINAL_H
#define MUSTER_LAUNCHER_TERMINAL_H

#include "base/base.h"

#include <sys/types.h>
#include <termios.h>

struct terminal {
    int fd;       // the controlling terminal once it was wanted, else -1
    pid_t front;  // mpiexec's process group
    pid_t holder; // the group that has the terminal, or 0
    pid_t sentinel;
    int reports; // read end of the sentinel's pipe, one byte per signal; -1: no sentinel
    struct termios modes;
    bool has_modes; // as they were before the first holder
};

/* `front` is the process group that the shell knows. */
void terminal_init(struct terminal *terminal, pid_t front);

/*
 * Process group `group` was stopped because it wants the terminal. True if it has it now and runs
 * on; terminal->reports is then to be watched, if it is another descriptor than before. False if
 * mpiexec is in the background.
 */
bool terminal_grant(struct terminal *terminal, pid_t group);

/* Take the terminal back from the holder, if there is one; terminal->reports is closed. Returns a
 * signal that the terminal has sent to the holder's group and that was not reported yet, or 0. */
int terminal_revoke(struct terminal *terminal);

/* Revoke, set the terminal's modes to what they were, and close it. */
void terminal_fini(struct terminal *terminal);

#endif
