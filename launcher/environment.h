// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The environment that a program's ranks start with. */
#ifndef MUSTER_LAUNCHER_ENVIRONMENT_H
#define MUSTER_LAUNCHER_ENVIRONMENT_H

#include "options.h"

/*
 * `from` (an environ) cut and extended as the options say, without what other launchers told this
 * process about its own rank. Element 0 is free for MUSTER_JOB: the caller sets it before use.
 * NULL if there is no memory. The caller frees the array's strings with environment_free.
 */
char **environment_make(const struct options *options, const struct program *program, char **from);

void environment_free(char **env);

/* The value of `name` in an environment, or NULL. */
const char *environment_get(char **env, const char *name);

#endif
