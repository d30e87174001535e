// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A sink is one place that ranks' output goes to (standard output, or standard error where it is
 * another file). It is served by a thread of its own with blocking writes, so that a slow reader
 * holds back nothing but what goes to it.
 *
 * Lines. What a rank writes is passed on as whole lines, many at once. The unfinished rest is held:
 * on a terminal 20 ms, elsewhere up to 64 KiB, or to the end of the job if the rank ends meanwhile.
 * When it must be passed on unfinished, its stream owns the sink: what follows in that line passes
 * at once, and others wait until its end has come, or nothing has come for 50 ms while they have
 * something. Only then may they break the line; on a terminal, and with tags, they begin a new one.
 */
#ifndef MUSTER_LAUNCHER_OUTPUT_H
#define MUSTER_LAUNCHER_OUTPUT_H

#include "base/base.h"

struct sink;

enum sink_report {
    SINK_RESIZED = 1, // sink_resize is done
    SINK_DONE = 2,    // sink_drain is done
};

/* Start a sink that writes to `fd`, each line after its rank if `tag`. It writes its reports, a
 * byte each, into the pipe `reports`. NULL: errno says why. */
struct sink *sink_start(int fd, bool tag, int reports);

/* Read `fd`, which must be non-blocking, for rank `rank`. The sink owns fd. */
void sink_add(struct sink *sink, int fd, int rank);

/* The terminal has another size: give it to the ranks' pseudo terminals. Returns at once. */
void sink_resize(struct sink *sink);

/* No rank is left: pass on what is there, then finish. Returns at once. */
void sink_drain(struct sink *sink);

/* After SINK_DONE: free the sink. Returns the errno of a failed write, 0 if there was none;
 * *mid_line tells whether the last line on a terminal is unfinished. */
int sink_finish(struct sink *sink, bool *mid_line);

#endif
