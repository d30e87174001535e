// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Request_free of an operation under way left the handle valid: a copy of it reached the
 * request, and freed it a second time. */

#include "../mpi/check.h"

int
main(int argc, char **argv)
{
    int value = 0, errclass, flag;
    MPI_Request request, copy;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Irecv(&value, 1, MPI_INT, 0, 1, MPI_COMM_SELF, &request);
    copy = request;
    MPI_Request_free(&request);
    MPI_Error_class(MPI_Test(&copy, &flag, MPI_STATUS_IGNORE), &errclass);
    CHECK(errclass == MPI_ERR_REQUEST, "MPI_Test gave class %d", errclass);
    MPI_Send(&(int){5}, 1, MPI_INT, 0, 1, MPI_COMM_SELF);
    CHECK(value == 5, "the receive goes on, and got %d", value);
    MPI_Error_class(MPI_Wait(&copy, MPI_STATUS_IGNORE), &errclass);
    CHECK(errclass == MPI_ERR_REQUEST, "MPI_Wait gave class %d", errclass);
    MPI_Finalize();
    return 0;
}
