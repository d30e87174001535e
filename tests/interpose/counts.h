// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What the wrappers share that test_interpose.py writes: one MPI_X for each function of mpi.h,
 * which counts the call and makes it as PMPI_X. At the end of the process "NAME COUNT" of what was
 * called goes to the file that INTERPOSE_COUNTS names, with the process's number. */
#ifndef COUNTS_H
#define COUNTS_H

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const names[];
static _Atomic unsigned long counts[1024];

__attribute__((destructor)) static void
write_counts(void)
{
    const char *where = getenv("INTERPOSE_COUNTS");
    char path[4096];
    if (!where)
        return;
    snprintf(path, sizeof path, "%s.%d", where, (int)getpid());
    FILE *file = fopen(path, "w");
    for (int i = 0; file && names[i]; i++)
        if (counts[i])
            fprintf(file, "%s %lu\n", names[i], counts[i]);
    if (file)
        fclose(file);
}

#endif
