// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The process that is the parent of all ranks. */
#ifndef MUSTER_LAUNCHER_KEEPER_H
#define MUSTER_LAUNCHER_KEEPER_H

#include "job.h"

/* Start the ranks, see the job to its end, and tell the front. Returns when nothing is left. */
void keeper_run(const struct job *job, int control);

#endif
