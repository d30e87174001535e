// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_LAND, MPI_LOR and MPI_LXOR did not take MPI_AINT, MPI_OFFSET and MPI_COUNT: the standard does
 * not ask for it, other libraries have it, and programs reduce flags of these types. */

#include "../mpi/check.h"

static void
each(MPI_Datatype type, const char *name)
{
    const MPI_Op ops[] = {MPI_LAND, MPI_LOR, MPI_LXOR};
    // Two is true, too, and rank 0 has what is not.
    const MPI_Count mine = world_rank() ? 2 : 0;
    const MPI_Count expected[] = {0, world_size() > 1, (world_size() - 1) % 2};
    for (int i = 0; i < 3; i++) {
        MPI_Count result = -1;
        MPI_Allreduce(&mine, &result, 1, type, ops[i], MPI_COMM_WORLD);
        CHECK(result == expected[i], "%s, operation %d: %lld", name, i, (long long)result);
    }
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    each(MPI_AINT, "MPI_AINT");
    each(MPI_OFFSET, "MPI_OFFSET");
    each(MPI_COUNT, "MPI_COUNT");
    MPI_Finalize();
    return 0;
}
