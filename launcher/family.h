// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The launchers of a job's family: that of the job that spawned it, and those of jobs that it has
 * spawned. Each pair keeps a connection, on which one tells the other what becomes of its job; when
 * it breaks, the other launcher was killed. */
#ifndef MUSTER_LAUNCHER_FAMILY_H
#define MUSTER_LAUNCHER_FAMILY_H

#include "boot/wire.h"

struct family {
    int parent; // -1: none
    int *spawned;
    int nspawned, room;
    bool told; // all know already that the job has failed
};

/* Connect to the launcher of the job that spawned this one. 0 or an errno value. */
int family_join(struct family *family, uint64_t parent);

/* A spawned job's launcher has connected; false: no memory. */
bool family_add(struct family *family, int fd);

/* The connection has ended, or is of no more use; closes it. */
void family_drop(struct family *family, int fd);

/* Tell the spawned jobs' launchers, and (except for FAMILY_TOLD) the parent's. */
void family_tell(struct family *family, enum family_kind kind, int code);

/* The next note of one of them: 1; 0: it is gone; -1: none has come. */
int family_hear(int fd, struct family_note *note);

#endif
