// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Buffered mode: which buffer a message uses, how much room there is, flushing and detaching while
 * messages are under way, automatic buffers, and what is refused. */

#include "coll_data.h"

#include <limits.h>

enum { LIMIT = 300000 };

static int rank, size, left, right;
static char text[MPI_MAX_ERROR_STRING];

static void
fails(int wanted, int code, const char *says, int line)
{
    int class, n;
    MPI_Error_class(code, &class);
    MPI_Error_string(code, text, &n);
    CHECK(class == wanted, "line %d: class %d: %s", line, class, text);
    CHECK(!says || strstr(text, says), "line %d: no \"%s\" in: %s", line, says, text);
}
#define FAILS(wanted, says, call) fails(wanted, call, says, __LINE__)

// The communicator's buffer first, then the process's; without either an error.
static void
which(void)
{
    char a[2000], b[1000], x = 1, y;
    void *p;
    int n;
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    FAILS(MPI_ERR_BUFFER, "no buffer is attached", MPI_Bsend(&x, 1, MPI_BYTE, 0, 1, comm));
    MPI_Buffer_attach(a, sizeof a);
    MPI_Bsend(&x, 1, MPI_BYTE, 0, 1, comm);
    MPI_Comm_attach_buffer(comm, b, sizeof b);
    // 1000 bytes are too few for 600 with the overhead, though the process's would have them.
    char data[600] = {0};
    FAILS(MPI_ERR_BUFFER, "1000", MPI_Bsend(data, 600, MPI_BYTE, 0, 1, comm));
    MPI_Bsend(data, 600, MPI_BYTE, 0, 2, MPI_COMM_SELF);
    MPI_Comm_detach_buffer(comm, &p, &n);
    CHECK(p == b && n == sizeof b, "%p, %d", p, n);
    MPI_Bsend(data, 600, MPI_BYTE, 0, 2, comm);
    MPI_Recv(&y, 1, MPI_BYTE, 0, 1, comm, MPI_STATUS_IGNORE);
    MPI_Recv(data, 600, MPI_BYTE, 0, 2, comm, MPI_STATUS_IGNORE);
    MPI_Recv(data, 600, MPI_BYTE, 0, 2, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    MPI_Buffer_detach(&p, &n);
    CHECK(p == a && n == sizeof a, "%p, %d", p, n);
    MPI_Buffer_detach(&p, &n);
    CHECK(p == NULL && n == 0, "%p, %d", p, n);
    // A communicator may be freed with its buffer and with messages in it.
    MPI_Comm_attach_buffer_c(comm, a, sizeof a);
    MPI_Request r;
    MPI_Irecv(&y, 1, MPI_BYTE, 0, 3, comm, &r);
    MPI_Bsend(&x, 1, MPI_BYTE, 0, 3, comm);
    MPI_Comm_free(&comm);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
}

// Room is what was attached, less what has not left.
static void
room(void)
{
    static char buffer[2 * (LIMIT + MPI_BSEND_OVERHEAD)], data[LIMIT];
    void *p;
    MPI_Count n;
    MPI_Request r[2];
    MPI_Buffer_attach_c(buffer, sizeof buffer);
    MPI_Ibsend(data, LIMIT, MPI_BYTE, 0, 1, MPI_COMM_SELF, &r[0]);
    MPI_Ibsend_c(data, LIMIT, MPI_BYTE, 0, 1, MPI_COMM_SELF, &r[1]);
    FAILS(MPI_ERR_BUFFER, "are in use", MPI_Bsend(data, 1, MPI_BYTE, 0, 1, MPI_COMM_SELF));
    MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
    MPI_Recv(data, LIMIT, MPI_BYTE, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    MPI_Bsend(data, 1, MPI_BYTE, 0, 2, MPI_COMM_SELF);
    MPI_Recv(data, LIMIT, MPI_BYTE, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    MPI_Recv(data, 1, MPI_BYTE, 0, 2, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    MPI_Buffer_detach_c(&p, &n);
    CHECK(p == buffer && n == sizeof buffer, "%p, %lld", p, (long long)n);
}

// A flush waits for the messages that were there, not for later ones.
static void
flushes(void)
{
    static char data[LIMIT], in[LIMIT];
    void *p;
    int n, flag;
    MPI_Request first, second;
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_attach_buffer(comm, MPI_BUFFER_AUTOMATIC, 0);
    FAILS(MPI_ERR_BUFFER, "already", MPI_Comm_attach_buffer(comm, MPI_BUFFER_AUTOMATIC, 0));
    FAILS(MPI_ERR_BUFFER, "already", MPI_Comm_attach_buffer(comm, data, 5000));
    MPI_Comm_iflush_buffer(comm, &first);
    MPI_Test(&first, &flag, MPI_STATUS_IGNORE);
    CHECK(flag && first == MPI_REQUEST_NULL, "an empty buffer is not flushed");
    MPI_Bsend(data, LIMIT, MPI_BYTE, 0, 1, comm);
    MPI_Comm_iflush_buffer(comm, &first);
    MPI_Bsend(data, LIMIT, MPI_BYTE, 0, 2, comm);
    MPI_Comm_iflush_buffer(comm, &second);
    MPI_Test(&first, &flag, MPI_STATUS_IGNORE);
    CHECK(!flag, "flushed before it was received");
    MPI_Recv(in, LIMIT, MPI_BYTE, 0, 1, comm, MPI_STATUS_IGNORE);
    MPI_Test(&first, &flag, MPI_STATUS_IGNORE);
    CHECK(flag, "not flushed after it was received");
    MPI_Test(&second, &flag, MPI_STATUS_IGNORE);
    CHECK(!flag, "the second is flushed");
    MPI_Recv(in, LIMIT, MPI_BYTE, 0, 2, comm, MPI_STATUS_IGNORE);
    MPI_Wait(&second, MPI_STATUS_IGNORE);
    MPI_Comm_flush_buffer(comm);
    MPI_Bsend(data, LIMIT, MPI_BYTE, 0, 3, comm);
    MPI_Comm_iflush_buffer(comm, &first); // let go of, it ends by itself
    MPI_Request_free(&first);
    MPI_Recv(in, LIMIT, MPI_BYTE, 0, 3, comm, MPI_STATUS_IGNORE);
    MPI_Comm_detach_buffer(comm, &p, &n);
    CHECK(p == MPI_BUFFER_AUTOMATIC && n == 0, "%p, %d", p, n);
    MPI_Comm_flush_buffer(comm); // there is none
    MPI_Comm_free(&comm);
}

// Detaching waits until the neighbour has everything.
static void
ring(void)
{
    static unsigned char data[LIMIT], in[LIMIT];
    void *p;
    int n;
    MPI_Buffer_attach(MPI_BUFFER_AUTOMATIC, 0);
    for (int i = 0; i < 20; i++) {
        int m = i * 1700 * (i % 3 + 1);
        for (int k = 0; k < m; k++)
            data[k] = byte_of((uint64_t)i, rank, (uint64_t)k);
        MPI_Bsend(data, m, MPI_BYTE, right, i, MPI_COMM_WORLD);
        memset(data, 0, sizeof data); // the buffer has it
        if (i % 5 == 4) {             // the neighbours' messages are there: receive, then flush
            for (int j = i - 4; j <= i; j++) {
                int l = j * 1700 * (j % 3 + 1);
                MPI_Recv(in, LIMIT, MPI_BYTE, left, j, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
                for (int k = 0; k < l; k++)
                    CHECK(in[k] == byte_of((uint64_t)j, left, (uint64_t)k), "message %d, byte %d",
                          j, k);
            }
            MPI_Buffer_flush();
            MPI_Request r;
            MPI_Buffer_iflush(&r);
            MPI_Wait(&r, MPI_STATUS_IGNORE);
        }
    }
    if (rank == 0)
        MPI_Bsend(data, LIMIT, MPI_BYTE, size - 1, 99, MPI_COMM_WORLD);
    if (rank == size - 1)
        MPI_Recv(in, LIMIT, MPI_BYTE, 0, 99, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Buffer_detach(&p, &n);
    CHECK(p == MPI_BUFFER_AUTOMATIC && n == 0, "%p, %d", p, n);
}

// What has not left may be cancelled, and leaves room.
static void
cancelled(void)
{
    static char buffer[LIMIT + MPI_BSEND_OVERHEAD], data[LIMIT], in[LIMIT];
    MPI_Request r;
    MPI_Status status;
    void *p;
    int n, flag;
    MPI_Buffer_attach(buffer, sizeof buffer);
    for (int i = 0; i < 3; i++) {
        MPI_Ibsend(data, LIMIT, MPI_BYTE, 0, 1, MPI_COMM_SELF, &r);
        MPI_Cancel(&r);
        MPI_Wait(&r, &status);
        MPI_Test_cancelled(&status, &flag);
        CHECK(flag, "it is not cancelled");
        MPI_Iprobe(0, 1, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
        CHECK(!flag, "the cancelled message is there");
    }
    MPI_Bsend_init(data, LIMIT, MPI_BYTE, 0, 1, MPI_COMM_SELF, &r);
    for (int i = 0; i < 3; i++) {
        MPI_Start(&r);
        MPI_Cancel(&r);
        MPI_Wait(&r, &status);
        MPI_Test_cancelled(&status, &flag);
        CHECK(flag, "it is not cancelled");
        MPI_Start(&r);
        MPI_Wait(&r, &status);
        MPI_Test_cancelled(&status, &flag);
        CHECK(!flag, "it is cancelled");
        FAILS(MPI_ERR_BUFFER, "in use", MPI_Start(&r)); // the one before is still there
        MPI_Recv(in, LIMIT, MPI_BYTE, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    }
    MPI_Start(&r);
    MPI_Request_free(&r); // it goes on
    MPI_Recv(in, LIMIT, MPI_BYTE, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    MPI_Buffer_detach(&p, &n);
}

static void
errors(void)
{
    char a[10];
    void *p;
    int n;
    MPI_Count m;
    FAILS(MPI_ERR_BUFFER, "-1", MPI_Buffer_attach(a, -1));
    FAILS(MPI_ERR_BUFFER, NULL, MPI_Buffer_attach(NULL, 10));
    FAILS(MPI_ERR_BUFFER, "-7", MPI_Comm_attach_buffer_c(MPI_COMM_SELF, a, -7));
    FAILS(MPI_ERR_COMM, NULL, MPI_Comm_attach_buffer(MPI_COMM_NULL, a, 10));
    FAILS(MPI_ERR_COMM, NULL, MPI_Comm_detach_buffer(MPI_COMM_NULL, &p, &n));
    FAILS(MPI_ERR_COMM, NULL, MPI_Comm_flush_buffer(MPI_COMM_NULL));
    FAILS(MPI_ERR_ARG, NULL, MPI_Comm_iflush_buffer(MPI_COMM_SELF, NULL));
    FAILS(MPI_ERR_ARG, NULL, MPI_Buffer_iflush(NULL));
    FAILS(MPI_ERR_ARG, NULL, MPI_Buffer_detach(NULL, &n));
    FAILS(MPI_ERR_ARG, NULL, MPI_Buffer_detach(&p, NULL));
    FAILS(MPI_ERR_ARG, NULL, MPI_Comm_detach_buffer_c(MPI_COMM_SELF, NULL, &m));
    MPI_Buffer_attach_c(a, (MPI_Count)INT_MAX + 1);
    MPI_Buffer_detach(&p, &n);
    CHECK(n == MPI_UNDEFINED, "%d", n);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    left = (rank + size - 1) % size;
    right = (rank + 1) % size;
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    which();
    room();
    flushes();
    ring();
    cancelled();
    errors();
    MPI_Finalize();
    return 0;
}
