// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Cancel of sends in every mode and size: each message is either received or cancelled, and the
 * wait that follows depends on nobody. Large sends that are freed at once reach their receiver,
 * also when MPI_Finalize comes next. */

#include "coll_data.h"

enum { LIMIT = 2000000, MANY = 100 };

typedef int isend_fn(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);
typedef int init_fn(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);

static isend_fn *const starts[] = {MPI_Isend, MPI_Issend, MPI_Ibsend, MPI_Irsend};
static init_fn *const inits[] = {MPI_Send_init, MPI_Ssend_init, MPI_Bsend_init, MPI_Rsend_init};
static const int sizes[] = {0, 8, 89, 10000, 16385, LIMIT};
static unsigned char out[LIMIT], in[LIMIT];
static int rank, size, left, right;

// Half of the ranks are told what became of their message, after they could have received it.
static void
tell(int cancelled, int n, int call)
{
    int theirs = -1;
    MPI_Sendrecv(&cancelled, 1, MPI_INT, right, 1000, &theirs, 1, MPI_INT, left, 1000,
                 MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (theirs) {
        int flag;
        MPI_Iprobe(left, 1, MPI_COMM_WORLD, &flag, MPI_STATUS_IGNORE);
        CHECK(!flag, "a cancelled message of %d bytes is there", n);
        return;
    }
    MPI_Recv(in, n, MPI_BYTE, left, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    for (int i = 0; i < n; i += 97)
        CHECK(in[i] == byte_of((uint64_t)call, left, (uint64_t)i), "byte %d of %d", i, n);
}

static int
end(MPI_Request *r)
{
    MPI_Status status;
    int flag = 0;
    MPI_Cancel(r);
    MPI_Wait(r, &status);
    MPI_Test_cancelled(&status, &flag);
    return flag;
}

static void
fill(int n, int call)
{
    for (int i = 0; i < n; i++)
        out[i] = byte_of((uint64_t)call, rank, (uint64_t)i);
}

static void
sends(void)
{
    int call = 0;
    for (int m = 0; m < 4; m++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            int n = sizes[i];
            MPI_Request r;
            fill(n, ++call);
            starts[m](out, n, MPI_BYTE, right, 1, MPI_COMM_WORLD, &r);
            int cancelled = end(&r);
            fill(n, 0); // the buffer is ours again
            tell(cancelled, n, call);
            inits[m](out, n, MPI_BYTE, right, 1, MPI_COMM_WORLD, &r);
            for (int again = 0; again < 2; again++) {
                fill(n, ++call);
                MPI_Start(&r);
                cancelled = end(&r);
                fill(n, 0);
                tell(cancelled, n, call);
            }
            // Started once more, it is as it was.
            fill(n, ++call);
            MPI_Start(&r);
            tell(0, n, call);
            MPI_Wait(&r, MPI_STATUS_IGNORE);
            MPI_Request_free(&r);
            MPI_Barrier(MPI_COMM_WORLD);
        }
}

// A synchronous send to itself that nobody receives.
static void
to_itself(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        MPI_Request r;
        int flag;
        MPI_Issend(out, sizes[i], MPI_BYTE, 0, 1, MPI_COMM_SELF, &r);
        CHECK(end(&r), "%d bytes to itself are not cancelled", sizes[i]);
        MPI_Iprobe(0, 1, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
        CHECK(!flag, "they are there");
    }
}

static void
freed(void)
{
    MPI_Request r;
    MPI_Barrier(MPI_COMM_WORLD);
    fill(LIMIT, 500);
    MPI_Irecv(in, LIMIT, MPI_BYTE, left, 7, MPI_COMM_WORLD, &r);
    MPI_Request s;
    MPI_Isend(out, LIMIT, MPI_BYTE, right, 7, MPI_COMM_WORLD, &s);
    MPI_Request_free(&s);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    CHECK(in[LIMIT - 1] == byte_of(500, left, LIMIT - 1), "the last byte is %d", in[LIMIT - 1]);
    MPI_Barrier(MPI_COMM_WORLD);
    // More than may be under way at once, received while the sender is in MPI_Finalize.
    if (rank == 0 && size > 1)
        for (int i = 0; i < MANY; i++) {
            MPI_Isend(out, LIMIT / MANY, MPI_BYTE, size - 1, i, MPI_COMM_WORLD, &s);
            MPI_Request_free(&s);
        }
    if (rank == size - 1 && size > 1)
        for (int i = MANY - 1; i >= 0; i--)
            MPI_Recv(in, LIMIT / MANY, MPI_BYTE, 0, i, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    MPI_Buffer_attach(MPI_BUFFER_AUTOMATIC, 0);
    sends();
    to_itself();
    freed();
    MPI_Finalize();
    return 0;
}
