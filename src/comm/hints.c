// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What a user asserts of a communicator (MPI 5.0, 7.4.4). The assertions are kept and told, and
 * nothing depends on them. Keys and values that are not known here are ignored, so they are not
 * told either. No communicator has those of another: a duplicate begins anew.
 */
#include "comm/comm.h"
#include "core/check.h"
#include "info/info.h"

#include <stdlib.h>
#include <string.h>

static const char *const assertions[] = {
    "mpi_assert_no_any_tag",
    "mpi_assert_no_any_source",
    "mpi_assert_exact_length",
    "mpi_assert_allow_overtaking",
    "mpi_assert_strict_persistent_collective_ordering",
};
#define ASSERTIONS (sizeof assertions / sizeof *assertions)
static_assert(ASSERTIONS <= 8, "they are bits of a byte");

// Of memory (MPI 5.0, 11.4.3).
#define KINDS_KEY "mpi_memory_alloc_kinds"
#define KINDS     "mpi,system"

void
hints_put(uint8_t *hints, const struct info *info)
{
    for (size_t i = 0; i < ASSERTIONS; i++) {
        const char *value = info_value(info, assertions[i]);
        if (value && strcmp(value, "true") == 0)
            *hints = (uint8_t)(*hints | 1u << i);
        else if (value && strcmp(value, "false") == 0)
            *hints = (uint8_t)(*hints & ~(1u << i));
    }
}

static int
set_info(MPI_Comm handle, MPI_Info info_handle)
{
    struct comm *comm;
    struct info *info;
    int err = comm_find(handle, &comm);
    if (!err && !(err = info_find(info_handle, &info)))
        hints_put(&comm->hints, info);
    return err;
}

// Info objects may be used in any thread (MPI 5.0, 11.6), so the lock is always taken.
static int
enter(void)
{
    if (atomic_load_explicit(&engine.state, memory_order_relaxed) != ENGINE_RUNNING)
        return engine_unusable();
    engine_lock();
    return MPI_SUCCESS;
}

int
PMPI_Comm_set_info(MPI_Comm comm, MPI_Info info)
{
    int err = enter();
    if (likely(!err)) {
        err = set_info(comm, info);
        engine_unlock();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_set_info", err);
}
weak_alias(PMPI_Comm_set_info, MPI_Comm_set_info);

static int
get_info(MPI_Comm handle, MPI_Info *info_used)
{
    struct comm *comm;
    int err = comm_find(handle, &comm);
    if (err || (err = check_pointer(info_used, "info_used")))
        return err;
    struct info *info = info_new();
    if (!info)
        return error_new(MPI_ERR_NO_MEM, "no memory for another info object");
    for (size_t i = 0; i < ASSERTIONS && !err; i++)
        err = info_put(info, assertions[i], comm->hints >> i & 1 ? "true" : "false");
    if (!err)
        err = info_put(info, KINDS_KEY, KINDS);
    if (err) {
        info_end(info);
        return err;
    }
    *info_used = (MPI_Info)handle_of(HANDLE_INFO, info);
    return MPI_SUCCESS;
}

int
PMPI_Comm_get_info(MPI_Comm comm, MPI_Info *info_used)
{
    int err = enter();
    if (likely(!err)) {
        err = get_info(comm, info_used);
        engine_unlock();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_get_info", err);
}
weak_alias(PMPI_Comm_get_info, MPI_Comm_get_info);
