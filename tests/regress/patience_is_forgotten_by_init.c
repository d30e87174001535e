// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What was written to muster_spins and muster_yields before MPI_Init was lost in it. */

#include "../mpi/check.h"

#include <stdint.h>

static MPI_T_cvar_handle
variable(const char *name)
{
    MPI_T_cvar_handle handle;
    int index, count;
    MPI_T_cvar_get_index(name, &index);
    MPI_T_cvar_handle_alloc(index, NULL, &handle, &count);
    return handle;
}

int
main(int argc, char **argv)
{
    uint32_t spins = 3, yields = 5;
    int provided;
    MPI_T_init_thread(MPI_THREAD_SINGLE, &provided);
    MPI_T_cvar_handle s = variable("muster_spins"), y = variable("muster_yields");
    MPI_T_cvar_write(s, &spins);
    MPI_T_cvar_write(y, &yields);
    MPI_Init(&argc, &argv);
    MPI_T_cvar_read(s, &spins);
    MPI_T_cvar_read(y, &yields);
    CHECK(spins == 3 && yields == 5, "spins %u, yields %u", spins, yields);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    MPI_T_finalize();
    return 0;
}
