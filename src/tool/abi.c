// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Abi_get_info (MPI 5.0, 20.2.2): the sizes that the binary interface
 * leaves to the platform. */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "info/info.h"

#include <stdio.h>

static int
put_size(struct info *info, const char *key, size_t size)
{
    char value[16];
    snprintf(value, sizeof value, "%zu", size);
    return info_put(info, key, value);
}

static int
abi_info(MPI_Info *handle)
{
    int err = check_pointer(handle, "info");
    if (err)
        return err;
    struct info *info = info_new();
    if (!info)
        return error_new(MPI_ERR_NO_MEM, "no memory for another info object");
    err = put_size(info, "mpi_aint_size", sizeof(MPI_Aint));
    if (!err)
        err = put_size(info, "mpi_count_size", sizeof(MPI_Count));
    if (!err)
        err = put_size(info, "mpi_offset_size", sizeof(MPI_Offset));
    if (err)
        info_end(info);
    else
        *handle = (MPI_Info)handle_of(HANDLE_INFO, info);
    return err;
}

int
PMPI_Abi_get_info(MPI_Info *info)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = abi_info(info);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Abi_get_info", err);
}
weak_alias(PMPI_Abi_get_info, MPI_Abi_get_info);
