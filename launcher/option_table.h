// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Every option that mpiexec knows, in the spellings of the MPI standard, MPICH, Intel MPI and
 * Open MPI. One dash or two, "--name value" or "--name=value": all the same. */
#ifndef MUSTER_LAUNCHER_OPTION_TABLE_H
#define MUSTER_LAUNCHER_OPTION_TABLE_H

#include "base/base.h"

enum option_kind {
    OPTION_IGNORED,     // means nothing on one machine, or asks for what is always so
    OPTION_UNSUPPORTED, // would change what the job does, and cannot be done: an error
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_COUNT,
    OPTION_PER_NODE, // the count where -n is absent: there is one node
    OPTION_ENV,
    OPTION_GLOBAL_ENV,
    OPTION_EXPORT, // -x K or -x K=V
    OPTION_ENV_ALL,
    OPTION_ENV_NONE,
    OPTION_ENV_LIST,
    OPTION_GLOBAL_ENV_ALL,
    OPTION_GLOBAL_ENV_NONE,
    OPTION_GLOBAL_ENV_LIST,
    OPTION_WDIR,
    OPTION_GLOBAL_WDIR,
    OPTION_PATH,
    OPTION_TAG,
    OPTION_MERGE,
    OPTION_OUTPUT, // Open MPI's --output: a list of words
    OPTION_STDIN,  // which rank reads standard input
    OPTION_TIMEOUT,
    OPTION_CONFIGFILE,
    OPTION_ERRHANDLER,
    OPTION_HOSTS,
    OPTION_HOSTFILE,
};

struct option {
    const char *name; // without dashes
    uint8_t words;    // arguments that follow
    uint8_t kind;     // enum option_kind
    const char *hint; // of an unsupported one: what to do instead
};

/* The option called `name` (without dashes, `len` bytes), or NULL. */
const struct option *option_find(const char *name, size_t len);

/* The known option whose name differs least from `name`. */
const struct option *option_nearest(const char *name, size_t len);

#endif
