// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_IN_PLACE where it has no meaning was read as an address. */

#include "../mpi/check.h"

static void
is_buffer_error(int code, const char *call)
{
    int errclass;
    MPI_Error_class(code, &errclass);
    CHECK(errclass == MPI_ERR_BUFFER, "%s gave class %d", call, errclass);
}

int
main(int argc, char **argv)
{
    int value = 1;
    MPI_Request request;
    MPI_Init(&argc, &argv);
    MPI_Comm comm = MPI_COMM_WORLD;
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    is_buffer_error(MPI_Send(MPI_IN_PLACE, 1, MPI_INT, 0, 0, comm), "MPI_Send");
    is_buffer_error(MPI_Recv(MPI_IN_PLACE, 1, MPI_INT, 0, 0, comm, MPI_STATUS_IGNORE), "MPI_Recv");
    is_buffer_error(MPI_Isend(MPI_IN_PLACE, 1, MPI_INT, 0, 0, comm, &request), "MPI_Isend");
    is_buffer_error(MPI_Sendrecv(&value, 1, MPI_INT, 0, 0, MPI_IN_PLACE, 1, MPI_INT, 0, 0, comm,
                                 MPI_STATUS_IGNORE),
                    "MPI_Sendrecv");
    is_buffer_error(MPI_Bcast(MPI_IN_PLACE, 1, MPI_INT, 0, comm), "MPI_Bcast");
    MPI_Finalize();
    return 0;
}
