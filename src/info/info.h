// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Info objects (MPI 5.0, chapter 10): keys with values, in the order in which they were first set.
 * They may be used at any time and in any thread, so everything here runs between
 * engine_enter_always and engine_leave_always.
 */
#ifndef MUSTER_INFO_INFO_H
#define MUSTER_INFO_INFO_H

#include "core/object.h"

struct info_pair {
    char *key, *value; // owned
};

struct info {
    struct object object;
    int count, room;
    struct info_pair *pairs;
};

/* The live object of a handle, MPI_INFO_ENV included; NULL and a code for anything else. */
int info_find(MPI_Info handle, struct info **info);

/* An empty object, or NULL; info_end frees it with all its pairs. */
struct info *info_new(void);
void info_end(struct info *info);

/* For calls that give the user an object with something in it: an empty one, or MPI_ERR_NO_MEM; and
 * its handle, unless `err` says that filling it failed, which ends it. Returns err. */
int info_begin(struct info **info);
int info_give(struct info *info, int err, MPI_Info *handle);

/* Copies both. MPI_ERR_INFO_KEY or MPI_ERR_INFO_VALUE when one is too long or the key is empty. */
int info_put(struct info *info, const char *key, const char *value);

/* The value, or NULL. */
const char *info_value(const struct info *info, const char *key);

/* Put what MPI_INFO_ENV tells of how this process was started (11.2.1). argv is its arguments, argc
 * of them; with argc 0 they are looked up. */
int info_put_environment(struct info *info, int argc, char **argv);

/* The number of processes that the launcher started together; the job says it before MPI_Init. */
int info_job_size(void);

#endif
