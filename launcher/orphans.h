// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What ranks leave behind. The caller is a child subreaper: when a process below it dies, that
 * one's children become the caller's own. So whatever a rank started, however it was detached, is
 * in the end a child of the caller, and "no child is left" means "nothing is left".
 * SIGCHLD must be blocked, and the caller have no children that are not to be ended.
 */
#ifndef MUSTER_LAUNCHER_ORPHANS_H
#define MUSTER_LAUNCHER_ORPHANS_H

#include "base/base.h"

#include <sys/types.h>

/* Does a child of the caller belong to this process group? (Then the group's number is not free to
 * be taken by others, and kill cannot hit a stranger.) */
bool orphans_in_group(pid_t group);

/*
 * End all children and what becomes a child meanwhile. Gently: those that leave by themselves get
 * 0.2 s, then SIGTERM, 1 s later SIGKILL; else SIGKILL at once. Those that do not go within 5 s
 * more (they hang in the kernel, or belong to another user) are left alone. True if none is left.
 */
bool orphans_end(bool gently);

#endif
