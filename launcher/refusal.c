// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "refusal.h"

#include "base/cpu.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Of the kernel's own limits it keeps some hundred for itself, and the count of threads is not
 * exact: with so few left, that limit is what refused. */
#define NEARLY_NONE 512

bool
refusal_certain(int nranks, char *why, size_t n)
{
    char what[200];
    uint64_t most;
    process_headroom(&most, what, sizeof what);
    if ((uint64_t)nranks <= most)
        return false;
    snprintf(why, n, "%d ranks are more than can run: %s", nranks, what);
    return true;
}

/* How many processes this user may have; false where that is no limit. */
static bool
user_limit(uint64_t *most)
{
    struct rlimit limit;
    if (geteuid() == 0 || getrlimit(RLIMIT_NPROC, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return false;
    *most = limit.rlim_cur;
    return true;
}

void
refusal_explain(int started, int nranks, int error, char *why, size_t n)
{
    char what[200];
    uint64_t most, left = UINT64_MAX;
    if (error == ENOMEM)
        memory_headroom(what, sizeof what);
    else
        left = process_headroom(&most, what, sizeof what);
    if (error == EAGAIN && left > NEARLY_NONE && user_limit(&most))
        snprintf(what, sizeof what, "this user may have %llu processes (ulimit -u)",
                 (unsigned long long)most);
    snprintf(why, n,
             "cannot start %d ranks: after %d of them the kernel refused another process (%s): %s",
             nranks, started, strerror(error), what);
}
