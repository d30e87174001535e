// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Error handlers of windows (MPI 5.0, 9.3.2). */
#include "core/engine.h"
#include "errh/raise.h"

int
PMPI_Win_create_errhandler(MPI_Win_errhandler_function *function, MPI_Errhandler *errhandler)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err =
            errhandler_create(ERRH_WIN, (void (*)(void))function, "win_errhandler_fn", errhandler);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Win_create_errhandler", err);
}
weak_alias(PMPI_Win_create_errhandler, MPI_Win_create_errhandler);
