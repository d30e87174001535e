// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Waitall, MPI_Testall, MPI_Waitsome and MPI_Testsome called the error handler of
 * MPI_COMM_SELF for an operation that had failed on another communicator: the job ended, whatever
 * that communicator's handler was. */

#include "../mpi/check.h"

static int calls;
static MPI_Comm called;

static void
count_calls(MPI_Comm *comm, int *code, ...)
{
    (void)code;
    calls++;
    called = *comm;
}

// Of two receives on two communicators the second is too short.
static void
start(MPI_Comm good, MPI_Comm bad, int *buffer, MPI_Request *requests)
{
    int data[3] = {1, 2, 3};
    MPI_Irecv(buffer, 3, MPI_INT, 0, 1, good, &requests[0]);
    MPI_Irecv(buffer + 3, 2, MPI_INT, 0, 1, bad, &requests[1]);
    MPI_Send(data, 3, MPI_INT, 0, 1, good);
    MPI_Send(data, 3, MPI_INT, 0, 1, bad);
    calls = 0;
}

static void
check(const char *name, int code, MPI_Comm comm, MPI_Status *statuses)
{
    int errclass;
    MPI_Error_class(code, &errclass);
    CHECK(calls == 1 && called == comm, "%s: %d calls", name, calls);
    CHECK(errclass == MPI_ERR_IN_STATUS, "%s gave class %d", name, errclass);
    MPI_Error_class(statuses[1].MPI_ERROR, &errclass);
    CHECK(statuses[0].MPI_ERROR == MPI_SUCCESS && errclass == MPI_ERR_TRUNCATE, "%s: %d, class %d",
          name, statuses[0].MPI_ERROR, errclass);
}

int
main(int argc, char **argv)
{
    int buffer[6], flag, n, indices[2];
    MPI_Comm good, bad;
    MPI_Errhandler handler;
    MPI_Request requests[2];
    MPI_Status statuses[2];
    MPI_Init(&argc, &argv);
    MPI_Comm_dup(MPI_COMM_SELF, &good);
    MPI_Comm_dup(MPI_COMM_SELF, &bad);
    MPI_Comm_create_errhandler(count_calls, &handler);
    MPI_Comm_set_errhandler(bad, handler);
    start(good, bad, buffer, requests);
    check("MPI_Waitall", MPI_Waitall(2, requests, statuses), bad, statuses);
    start(good, bad, buffer, requests);
    check("MPI_Testall", MPI_Testall(2, requests, &flag, statuses), bad, statuses);
    start(good, bad, buffer, requests);
    check("MPI_Waitsome", MPI_Waitsome(2, requests, &n, indices, statuses), bad, statuses);
    start(good, bad, buffer, requests);
    check("MPI_Testsome", MPI_Testsome(2, requests, &n, indices, statuses), bad, statuses);
    MPI_Errhandler_free(&handler);
    MPI_Comm_free(&good);
    MPI_Comm_free(&bad);
    MPI_Finalize();
    return 0;
}
