// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A wait for any or some of several operations, and the tests of several, told of the job's failure
 * by the error handler of MPI_COMM_SELF, not by that of the operations' communicator. The last rank
 * exits without MPI_Finalize; the others see it in the call that the argument names. */

#include "../mpi/check.h"

#include <string.h>

static int
look(const char *name, MPI_Request *requests)
{
    int at, flag = 0, n = 0, indices[2];
    if (strcmp(name, "waitall") == 0)
        return MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    if (strcmp(name, "waitany") == 0)
        return MPI_Waitany(2, requests, &at, MPI_STATUS_IGNORE);
    if (strcmp(name, "waitsome") == 0)
        return MPI_Waitsome(2, requests, &n, indices, MPI_STATUSES_IGNORE);
    if (strcmp(name, "testall") == 0)
        return MPI_Testall(2, requests, &flag, MPI_STATUSES_IGNORE);
    if (strcmp(name, "testany") == 0)
        return MPI_Testany(2, requests, &at, &flag, MPI_STATUS_IGNORE);
    return MPI_Testsome(2, requests, &n, indices, MPI_STATUSES_IGNORE);
}

int
main(int argc, char **argv)
{
    int value, err = MPI_SUCCESS, errclass;
    MPI_Request requests[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_ARE_FATAL);
    if (world_rank() == world_size() - 1)
        _Exit(3);
    err = MPI_Irecv(&value, 1, MPI_INT, world_size() - 1, 1, MPI_COMM_WORLD, &requests[1]);
    while (!err)
        err = look(argv[1], requests);
    MPI_Error_class(err, &errclass);
    CHECK(errclass == MPI_ERR_PROC_ABORTED, "class %d", errclass);
    printf("rank %d knows\n", world_rank());
    return 0;
}
