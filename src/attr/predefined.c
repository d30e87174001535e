// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The attributes that every communicator has (MPI 5.0, 9.1.2, 9.5 and 11.8). */

#include "attr/attr.h"

#include "base/cpu.h"
#include "boot/wire.h"
#include "errh/raise.h"

#include <limits.h>
#include <stdlib.h>

static const struct {
    int number;
    const char *name;
} names[] = {
    {MPI_TAG_UB, "MPI_TAG_UB"},
    {MPI_IO, "MPI_IO"},
    {MPI_HOST, "MPI_HOST"},
    {MPI_WTIME_IS_GLOBAL, "MPI_WTIME_IS_GLOBAL"},
    {MPI_APPNUM, "MPI_APPNUM"},
    {MPI_LASTUSEDCODE, "MPI_LASTUSEDCODE"},
    {MPI_UNIVERSE_SIZE, "MPI_UNIVERSE_SIZE"},
    {MPI_WIN_BASE, "MPI_WIN_BASE"},
    {MPI_WIN_DISP_UNIT, "MPI_WIN_DISP_UNIT"},
    {MPI_WIN_SIZE, "MPI_WIN_SIZE"},
    {MPI_WIN_CREATE_FLAVOR, "MPI_WIN_CREATE_FLAVOR"},
    {MPI_WIN_MODEL, "MPI_WIN_MODEL"},
};

const char *
keyval_name(int number)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number)
            return names[i].name;
    return NULL;
}

// As many as the job has, and could spawn with a CPU for each.
static const int *
universe_size(void)
{
    static int size;
    size = engine.size + cpu_granted();
    return &size;
}

// Which of the parts of mpiexec's command line, between ":", this rank is of. A process that was
// not started by mpiexec has none.
static const int *
part_number(void)
{
    static int part;
    const char *text = getenv(WIRE_PART);
    if (!engine.seg)
        return NULL;
    part = text ? atoi(text) : 0;
    return &part;
}

static const int *
last_code(void)
{
    static int code;
    code = code_last_used();
    return &code;
}

bool
attribute_predefined(int number, const int **value)
{
    static const int tag_ub = INT_MAX, io = MPI_ANY_SOURCE, host = MPI_PROC_NULL;
    static const int wtime_is_global = 1; // one machine's CLOCK_MONOTONIC
    switch (number) {
    case MPI_TAG_UB:
        *value = &tag_ub;
        return true;
    case MPI_IO:
        *value = &io;
        return true;
    case MPI_HOST:
        *value = &host;
        return true;
    case MPI_WTIME_IS_GLOBAL:
        *value = &wtime_is_global;
        return true;
    case MPI_APPNUM:
        *value = part_number();
        return true;
    case MPI_LASTUSEDCODE:
        *value = last_code();
        return true;
    case MPI_UNIVERSE_SIZE:
        *value = universe_size();
        return true;
    default:
        return false;
    }
}
