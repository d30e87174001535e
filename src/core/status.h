// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What the library keeps in MPI_Status.MPI_internal: [0], [1] the bytes that arrived (low, high
 * word); [2] whether the operation was cancelled. Any argument may be MPI_STATUS_IGNORE. */
#ifndef MUSTER_CORE_STATUS_H
#define MUSTER_CORE_STATUS_H

#include "base/base.h"
#include "core/api.h"

static inline void
status_set_bytes(MPI_Status *status, uint64_t bytes)
{
    status->MPI_internal[0] = (int)(uint32_t)bytes;
    status->MPI_internal[1] = (int)(uint32_t)(bytes >> 32);
}

static inline uint64_t
status_bytes(const MPI_Status *status)
{
    return (uint32_t)status->MPI_internal[0] | (uint64_t)(uint32_t)status->MPI_internal[1] << 32;
}

/* MPI_ERROR is left alone: only the calls that return several statuses set it (3.2.5). */
static inline void
status_set(MPI_Status *status, int source, int tag, uint64_t bytes)
{
    if (status == MPI_STATUS_IGNORE)
        return;
    status->MPI_SOURCE = source;
    status->MPI_TAG = tag;
    status_set_bytes(status, bytes);
    status->MPI_internal[2] = 0;
}

/* The status of a null or inactive request (MPI 5.0, 3.7.3). */
static inline void
status_empty(MPI_Status *status)
{
    status_set(status, MPI_ANY_SOURCE, MPI_ANY_TAG, 0);
    if (status != MPI_STATUS_IGNORE)
        status->MPI_ERROR = MPI_SUCCESS;
}

/* The status of a receive or probe from MPI_PROC_NULL (MPI 5.0, 3.10). */
static inline void
status_proc_null(MPI_Status *status)
{
    status_set(status, MPI_PROC_NULL, MPI_ANY_TAG, 0);
}

#endif
