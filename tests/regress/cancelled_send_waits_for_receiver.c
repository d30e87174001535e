// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* After MPI_Cancel, MPI_Wait may depend on no other process (MPI 5.0, 3.8.4); it waited until a
 * large send was received. What is not cancelled must still arrive. Even ranks send to
 * the odd one above. */

#include "../mpi/check.h"

#include <string.h>

#define LARGE 4000000

static char out[LARGE], in[LARGE];

static void
send_and_cancel(int dest, int size, int synchronous, MPI_Comm comm)
{
    MPI_Request request;
    MPI_Status status;
    int cancelled;
    if (synchronous)
        MPI_Issend(out, size, MPI_BYTE, dest, 1, comm, &request);
    else
        MPI_Isend(out, size, MPI_BYTE, dest, 1, comm, &request);
    MPI_Cancel(&request);
    MPI_Wait(&request, &status);
    MPI_Test_cancelled(&status, &cancelled);
    memset(out, 0, (size_t)size); // it is ours again
    MPI_Send(&cancelled, 1, MPI_INT, dest, 2, comm);
    memset(out, 7, (size_t)size);
}

static void
receive_what_came(int source, int size, MPI_Comm comm)
{
    int cancelled, flag, wrong = 0;
    MPI_Recv(&cancelled, 1, MPI_INT, source, 2, comm, MPI_STATUS_IGNORE);
    MPI_Iprobe(source, 1, comm, &flag, MPI_STATUS_IGNORE);
    CHECK(!cancelled || !flag, "%d bytes were cancelled and came", size);
    if (cancelled)
        return;
    memset(in, 0, (size_t)size);
    MPI_Recv(in, size, MPI_BYTE, source, 1, comm, MPI_STATUS_IGNORE);
    for (int i = 0; i < size; i++)
        wrong += in[i] != 7;
    CHECK(wrong == 0, "%d of %d bytes are wrong", wrong, size);
}

int
main(int argc, char **argv)
{
    static const int sizes[] = {4, 4000, 100000, LARGE};
    MPI_Init(&argc, &argv);
    memset(out, 7, sizeof out);
    int rank = world_rank();
    for (int i = 0; i < 8; i++) {
        if (rank % 2 == 0 && rank + 1 < world_size())
            send_and_cancel(rank + 1, sizes[i / 2], i % 2, MPI_COMM_WORLD);
        else if (rank % 2)
            receive_what_came(rank - 1, sizes[i / 2], MPI_COMM_WORLD);
        send_and_cancel(0, sizes[i / 2], i % 2, MPI_COMM_SELF);
        receive_what_came(0, sizes[i / 2], MPI_COMM_SELF);
    }
    MPI_Finalize();
    return 0;
}
