// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The queries of chapter 11 wrote through a null pointer. */

#include "../mpi/check.h"

static void
is_argument_error(int code, const char *call)
{
    int errclass;
    MPI_Error_class(code, &errclass);
    CHECK(errclass == MPI_ERR_ARG, "%s gave class %d", call, errclass);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    is_argument_error(MPI_Initialized(NULL), "MPI_Initialized");
    is_argument_error(MPI_Finalized(NULL), "MPI_Finalized");
    is_argument_error(MPI_Query_thread(NULL), "MPI_Query_thread");
    is_argument_error(MPI_Is_thread_main(NULL), "MPI_Is_thread_main");
    MPI_Finalize();
    return 0;
}
