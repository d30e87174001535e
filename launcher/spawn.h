// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Starting one rank. */
#ifndef MUSTER_LAUNCHER_SPAWN_H
#define MUSTER_LAUNCHER_SPAWN_H

#include "base/base.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

struct start {
    const char *file; // relative to wdir, if there is one
    char *const *argv;
    char *const *env;
    const char *wdir;            // NULL: stay
    int stdio[3];                // descriptors that become 0, 1 and 2
    const sigset_t *mask;        // signals blocked in the rank
    const struct rlimit *nofile; // NULL: as in the caller
    pid_t parent;                // the caller
    int high;     // descriptors from here on are the caller's alone, and many; 0: there are few
    int error;    // set by spawn: errno of what the child could not do
    bool no_wdir; // and it was wdir that it could not enter
};

/*
 * Start a process that leads a process group of its own and dies with the caller. All descriptors
 * of the caller that the rank is not to have are close-on-exec. Returns its pid when the program is
 * running; -1 if it could not be started, start->error says why.
 */
pid_t spawn(struct start *start);

#endif
