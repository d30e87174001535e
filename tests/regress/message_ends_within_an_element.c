// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Three bytes received as integers were taken for a message of no whole number of them, silently.
 * */
#include "../mpi/check.h"

int
main(int argc, char **argv)
{
    char sent[8] = "abcdefg";
    int got[4], class;
    MPI_Status status;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    for (int n = 0; n <= 8; n++) {
        MPI_Request request;
        MPI_Irecv(got, 4, MPI_INT, 0, 0, MPI_COMM_SELF, &request);
        MPI_Send(sent, n, MPI_CHAR, 0, 0, MPI_COMM_SELF);
        MPI_Error_class(MPI_Wait(&request, &status), &class);
        CHECK(class == (n % 4 ? MPI_ERR_TYPE : MPI_SUCCESS), "%d bytes: class %d", n, class);
    }
    // A pair and its half are whole elements.
    MPI_Sendrecv(sent, 1, MPI_INT, 0, 0, got, 2, MPI_2INT, 0, 0, MPI_COMM_SELF, &status);
    MPI_Finalize();
    return 0;
}
