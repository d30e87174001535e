// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The ways of a rank's output. Where several ranks write to one place each gets a channel, a pipe
 * or a pseudo terminal, that the launcher reads; where nothing could mix (one rank and no tags, or
 * /dev/null) the rank simply inherits the launcher's own descriptor.
 */
#ifndef MUSTER_LAUNCHER_CHANNEL_H
#define MUSTER_LAUNCHER_CHANNEL_H

#include "options.h"

#include <sys/ioctl.h>

enum route { ROUTE_DIRECT, ROUTE_PIPE, ROUTE_TERMINAL };

struct outputs {
    enum route route[2]; // of standard output and standard error
    bool merged;         // both are one: a rank's two outputs share a channel and keep their order
    struct winsize window; // for ROUTE_TERMINAL
    int pipe_bytes;        // for ROUTE_PIPE; 0: as the kernel makes them
};

struct channel {
    int reader; // the launcher's end, non-blocking
    int writer; // the rank's
};

/* Look at descriptors 1 and 2, and plan. */
struct outputs outputs_plan(const struct options *options);

/* Open a channel of output 0 or 1, both ends close-on-exec. Returns 0 or an errno value. */
int channel_open(struct channel *channel, const struct outputs *outputs, int output);

#endif
