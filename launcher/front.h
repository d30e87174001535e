// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The process that the user started. */
#ifndef MUSTER_LAUNCHER_FRONT_H
#define MUSTER_LAUNCHER_FRONT_H

#include "job.h"

/* Forward signals and output until the keeper says that all has ended; returns the exit code. */
int front_run(const struct job *job, int control, pid_t keeper);

#endif
