// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The spawned side of MPI_Comm_spawn, and MPI_Comm_get_parent (MPI 5.0, 11.8.2). */

#include "core/check.h"
#include "dyn/dyn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
parent_meet(void)
{
    const char *text = engine.seg ? getenv(WIRE_PARENT) : NULL;
    unsigned long long job, id;
    int rank;
    if (!text)
        return MPI_SUCCESS;
    if (sscanf(text, "%llx:%d:%llx", &job, &rank, &id) != 3)
        return error_new(MPI_ERR_OTHER, "%s=\"%.100s\" was not written by a launcher", WIRE_PARENT,
                         text);
    struct port port = {{job, rank}, id, 0};
    struct meet m = {.op = "MPI_Init",
                     .kind = COLL_COMM_SPAWN,
                     .local = engine.world,
                     .port = &port,
                     .knock = true};
    int err = dyn_meet(&m, MPI_SUCCESS, &engine.parent);
    struct comm *parent = err ? NULL : comm_get(engine.parent);
    if (parent)
        strcpy(parent->name, "MPI_COMM_PARENT");
    return err;
}

int
PMPI_Comm_get_parent(MPI_Comm *parent)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = check_pointer(parent, "parent");
        // Freed or disconnected, it is gone (11.8.2).
        if (likely(!err))
            *parent = comm_get(engine.parent) ? engine.parent : MPI_COMM_NULL;
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Comm_get_parent", err);
}
weak_alias(PMPI_Comm_get_parent, MPI_Comm_get_parent);
