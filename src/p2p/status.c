// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The fields of a status (MPI 5.0, 3.2.5 and 13.3), for those who cannot or need not know its
 * layout. */
#include "core/status.h"
#include "core/check.h"
#include "errh/raise.h"

#include <stddef.h>
#include <string.h>

// The field at an offset in the status.
static int
get(const MPI_Status *status, size_t at, int *value, const char *function)
{
    int err = check_pointer(status, "status");
    if (!err)
        err = check_pointer(value, "the result");
    if (unlikely(err))
        return world_raise(function, err);
    memcpy(value, (const char *)status + at, sizeof *value);
    return MPI_SUCCESS;
}

static int
set(MPI_Status *status, size_t at, int value, const char *function)
{
    int err = check_pointer(status, "status");
    if (unlikely(err))
        return world_raise(function, err);
    memcpy((char *)status + at, &value, sizeof value);
    return MPI_SUCCESS;
}

int
PMPI_Status_get_source(const MPI_Status *status, int *source)
{
    return get(status, offsetof(MPI_Status, MPI_SOURCE), source, "MPI_Status_get_source");
}
weak_alias(PMPI_Status_get_source, MPI_Status_get_source);

int
PMPI_Status_get_tag(const MPI_Status *status, int *tag)
{
    return get(status, offsetof(MPI_Status, MPI_TAG), tag, "MPI_Status_get_tag");
}
weak_alias(PMPI_Status_get_tag, MPI_Status_get_tag);

int
PMPI_Status_get_error(const MPI_Status *status, int *error)
{
    return get(status, offsetof(MPI_Status, MPI_ERROR), error, "MPI_Status_get_error");
}
weak_alias(PMPI_Status_get_error, MPI_Status_get_error);

int
PMPI_Status_set_source(MPI_Status *status, int source)
{
    return set(status, offsetof(MPI_Status, MPI_SOURCE), source, "MPI_Status_set_source");
}
weak_alias(PMPI_Status_set_source, MPI_Status_set_source);

int
PMPI_Status_set_tag(MPI_Status *status, int tag)
{
    return set(status, offsetof(MPI_Status, MPI_TAG), tag, "MPI_Status_set_tag");
}
weak_alias(PMPI_Status_set_tag, MPI_Status_set_tag);

int
PMPI_Status_set_error(MPI_Status *status, int error)
{
    return set(status, offsetof(MPI_Status, MPI_ERROR), error, "MPI_Status_set_error");
}
weak_alias(PMPI_Status_set_error, MPI_Status_set_error);

int
PMPI_Test_cancelled(const MPI_Status *status, int *flag)
{
    int cancelled = 0;
    int err = get(status, offsetof(MPI_Status, MPI_internal[2]), flag ? &cancelled : NULL,
                  "MPI_Test_cancelled");
    if (!err)
        *flag = cancelled != 0;
    return err;
}
weak_alias(PMPI_Test_cancelled, MPI_Test_cancelled);

int
PMPI_Status_set_cancelled(MPI_Status *status, int flag)
{
    return set(status, offsetof(MPI_Status, MPI_internal[2]), flag != 0,
               "MPI_Status_set_cancelled");
}
weak_alias(PMPI_Status_set_cancelled, MPI_Status_set_cancelled);
