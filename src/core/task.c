// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/task.h"

#include "core/engine.h"

void
task_start(struct task *task)
{
    struct task **end = engine.last_task ? &engine.last_task->next : &engine.tasks;
    task->next = NULL;
    task->link = end;
    *end = engine.last_task = task;
    engine_changed(); // as in tasks_step
}

void
task_stop(struct task *task)
{
    if (engine.next_task == task)
        engine.next_task = task->next;
    if (engine.last_task == task)
        engine.last_task =
            task->link == &engine.tasks ? NULL : container_of(task->link, struct task, next);
    *task->link = task->next;
    if (task->next)
        task->next->link = task->link;
}

bool
tasks_step(void)
{
    bool moved = false;
    if (unlikely(engine.tasks_busy))
        return false;
    engine.tasks_busy = true;
    for (struct task *task = engine.tasks; task; task = engine.next_task) {
        engine.next_task = task->next;
        moved |= task->step(task);
    }
    engine.next_task = NULL;
    engine.tasks_busy = false;
    // Another thread may sleep for this process that knows only for whom the tasks waited before.
    if (moved)
        engine_changed();
    return moved;
}

// While another thread steps them nobody knows what they wait for: it calls engine_changed.
bool
tasks_arm(void)
{
    bool early = false;
    if (engine.tasks_busy)
        return false;
    for (struct task *task = engine.tasks; task; task = engine.next_task) {
        engine.next_task = task->next;
        early |= task->arm && task->arm(task);
    }
    engine.next_task = NULL;
    if (early)
        bell_barrier(engine.seg);
    return early;
}
