// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A sink is one place that ranks' output goes to (standard output, or standard error where it is
 * another file). It is served by a thread of its own with blocking writes, so that a slow reader
 * holds back nothing but what goes to it.
 *
 * Lines. What a rank writes is passed on as whole lines, many at once. The unfinished rest is held:
 * on a terminal 20 ms, elsewhere up to 64 KiB, or to the end of the job if the rank ends meanwhile.
 * When it must be passed on unfinished, its stream owns the sink: others wait until the line's end
 * has come, or nothing has come for 50 ms while they have something. Only then may they break the
 * line; on a terminal, and with tags, they begin a new one.
 */
#ifndef MUSTER_LAUNCHER_OUTPUT_H
#define MUSTER_LAUNCHER_OUTPUT_H

#include "base/base.h"

struct sink;

/* Start a sink that writes to `fd`, each line after its rank if `tag`. `done` is an eventfd that is
 * counted up when the sink has finished. NULL: errno says why. */
struct sink *sink_start(int fd, bool tag, int done);

/* Read `fd`, which must be non-blocking, for rank `rank`. The sink owns fd. */
void sink_add(struct sink *sink, int fd, int rank);

/* The terminal has another size: tell it to the ranks' pseudo terminals. */
void sink_resize(struct sink *sink);

/* No rank is left: pass on what is there, then finish. Returns at once. */
void sink_drain(struct sink *sink);

/* After `done`: free the sink. Returns the errno of a failed write, 0 if there was none; *mid_line
 * tells whether the last line on a terminal is unfinished. */
int sink_finish(struct sink *sink, bool *mid_line);

#endif
