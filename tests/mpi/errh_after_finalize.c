// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A program that wanted errors returned still gets them after MPI_Finalize: a thread that was left
 * behind in a call must not end the process with a fatal error while it exits. */

#include "check.h"

int
main(int argc, char **argv)
{
    MPI_Status status = {0};
    int count, errclass;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Finalize();
    int err = MPI_Get_count(&status, MPI_INT, &count);
    MPI_Error_class(err, &errclass);
    if (errclass != MPI_ERR_OTHER)
        fprintf(stderr, "MPI_Get_count after MPI_Finalize: class %d\n", errclass);
    return errclass != MPI_ERR_OTHER;
}
