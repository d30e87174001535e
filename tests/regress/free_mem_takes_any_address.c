// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Free_mem gave any address to free, and was content with one that was freed before. */

#include "../mpi/check.h"

static void
is_base_error(void *base, const char *what)
{
    int errclass;
    MPI_Error_class(MPI_Free_mem(base), &errclass);
    CHECK(errclass == MPI_ERR_BASE, "%s: class %d", what, errclass);
}

int
main(int argc, char **argv)
{
    static char own[256];
    char *base;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    is_base_error(own, "a static buffer");
    for (int size = 0; size < 1000000; size = size * 10 + 7) {
        CHECK(MPI_Alloc_mem(size, MPI_INFO_NULL, &base) == MPI_SUCCESS, "%d", size);
        is_base_error(base + 16, "inside a block");
        CHECK(MPI_Free_mem(base) == MPI_SUCCESS, "%d", size);
        is_base_error(base, "a freed block");
    }
    MPI_Finalize();
    return 0;
}
