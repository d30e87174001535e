// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A job from its plan to its exit code. job.c has the design. */
#ifndef MUSTER_LAUNCHER_JOB_H
#define MUSTER_LAUNCHER_JOB_H

#include "channel.h"
#include "options.h"
#include "plan.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What the front settles before it starts the keeper; both read it, nobody changes it. */
struct job {
    const struct options *options;
    struct outputs outputs;
    char **env;           // the launcher's own
    char *title;          // where the kernel keeps the command line that ps shows
    size_t title_bytes;   //
    sigset_t taken;       // signals that are forwarded
    sigset_t mask;        // signals that ranks start with blocked
    struct rlimit nofile; // the limit of descriptors that ranks get back,
    bool limit_raised;    // if it is another one now
    pid_t front_group;    // the process group that the shell knows
    int64_t started;
    struct plan *plan; // of the process that started the launcher; NULL: a command line
};

/* Run the job and return mpiexec's exit code. `title` and its size are where the command line lies
 * in memory; the strings in options must not lie there. */
int job_run(const struct options *options, char **env, char *title, size_t title_bytes,
            struct plan *plan);

/* The launcher of a process that was started alone, until that ends and all that it spawned. */
int job_home(const struct options *options, char *title, size_t title_bytes, struct plan *plan);

/* One line on standard error: "mpiexec: ...". */
void job_say(const char *text);

#endif
