// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What a process that started this launcher wants of it (boot/launch.h), in place of a command
 * line. */
#ifndef MUSTER_LAUNCHER_PLAN_H
#define MUSTER_LAUNCHER_PLAN_H

#include "boot/launch.h"
#include "options.h"

struct plan {
    struct launch_head head;
    int fd;       // for the reply
    char *text;   // owned, as the following
    char *parent; // for the environment of spawned ranks
    bool replied;
};

/* Read the plan that comes through descriptor `fd`, and make options of it. */
bool plan_read(struct plan *plan, int fd, struct options *options);

/* The reply: once. */
void plan_reply(struct plan *plan, int code, uint64_t job, const char *why);

#endif
