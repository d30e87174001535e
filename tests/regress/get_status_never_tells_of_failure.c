// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A rank that polled with MPI_Request_get_status did not learn that the job had failed. The last
 * rank exits without MPI_Finalize; the others must see it. */

#include "../mpi/check.h"

int
main(int argc, char **argv)
{
    int value, flag = 0, err = MPI_SUCCESS, errclass;
    MPI_Request request;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (world_rank() == world_size() - 1)
        _Exit(3);
    err = MPI_Irecv(&value, 1, MPI_INT, world_size() - 1, 1, MPI_COMM_WORLD, &request);
    while (!err && !flag)
        err = MPI_Request_get_status(request, &flag, MPI_STATUS_IGNORE);
    MPI_Error_class(err, &errclass);
    CHECK(errclass == MPI_ERR_PROC_ABORTED && !flag, "class %d", errclass);
    printf("rank %d knows\n", world_rank());
    return 0;
}
