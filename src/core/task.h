// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Operations that go on by steps whenever this process is in MPI: collectives that were started,
 * and whatever else is neither a message nor the call that waits.
 *
 * A step does what can be done now and never waits. A user's function may run in it, without the
 * engine's lock: other threads, and the function itself, then find the tasks busy and leave them
 * alone. Tasks are stepped in the order in which they were started. All is under the lock.
 */
#ifndef MUSTER_CORE_TASK_H
#define MUSTER_CORE_TASK_H

#include "base/base.h"

struct task {
    struct task *next, **link;
    /* What can be done now; true if anything moved. May stop this task, or any other. */
    bool (*step)(struct task *task);
    /* This process is about to sleep: make sure that those for whom the task waits will wake it.
     * True if one of them did not know yet: then everybody looks once more. NULL: only messages
     * wake it. */
    bool (*arm)(struct task *task);
};

void task_start(struct task *task);
void task_stop(struct task *task);

/* A step of each; true if anything moved. */
bool tasks_step(void);

/* Before a sleep: true if it is too early. */
bool tasks_arm(void);

#endif
