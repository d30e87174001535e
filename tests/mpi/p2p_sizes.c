// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Every rank sends to its right neighbor, in every mode and in sizes around each way a message can
 * go, and checks each byte; PROC_NULL; a rank sends to itself. */

#include "check.h"

#include <string.h>

static const size_t sizes[] = {0,     1,     8,     24,    87,    88,     89,      1000,
                               16383, 16384, 16385, 65536, 65537, 262144, 1000003, 4194304};
#define SIZES (sizeof sizes / sizeof *sizes)

static unsigned char
byte(size_t i, int from, size_t size)
{
    return (unsigned char)(i * 7 + (size_t)from * 31 + size);
}

static void
fill(unsigned char *p, size_t n, int from)
{
    for (size_t i = 0; i < n; i++)
        p[i] = byte(i, from, n);
}

static void
verify(const unsigned char *p, size_t n, int from, const char *what)
{
    for (size_t i = 0; i < n; i++)
        CHECK(p[i] == byte(i, from, n), "%s: byte %zu of %zu from %d is %d", what, i, n, from,
              p[i]);
}

static void
check_status(MPI_Status *status, int source, int tag, size_t n)
{
    MPI_Count count;
    MPI_Get_count_c(status, MPI_BYTE, &count);
    CHECK(status->MPI_SOURCE == source, "source %d, not %d", status->MPI_SOURCE, source);
    CHECK(status->MPI_TAG == tag, "tag %d, not %d", status->MPI_TAG, tag);
    CHECK((size_t)count == n, "count %lld, not %zu", (long long)count, n);
}

typedef int (*isend_function)(const void *, int, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);

static void
exchange(isend_function isend, const char *what, unsigned char *out, unsigned char *in, size_t n)
{
    int rank = world_rank(), size = world_size();
    int right = (rank + 1) % size, left = (rank + size - 1) % size;
    MPI_Request request;
    MPI_Status status;
    fill(out, n, rank);
    memset(in, 0xee, n + 1);
    isend(out, (int)n, MPI_BYTE, right, 5, MPI_COMM_WORLD, &request);
    MPI_Recv(in, (int)n, MPI_BYTE, left, 5, MPI_COMM_WORLD, &status);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(request == MPI_REQUEST_NULL, "%s", what);
    check_status(&status, left, 5, n);
    verify(in, n, left, what);
    CHECK(in[n] == 0xee, "%s wrote behind the buffer of %zu bytes", what, n);
}

static void
exchange_blocking(unsigned char *out, unsigned char *in, size_t n)
{
    int rank = world_rank(), size = world_size();
    int right = (rank + 1) % size, left = (rank + size - 1) % size;
    MPI_Status status;
    fill(out, n, rank);
    MPI_Sendrecv(out, (int)n, MPI_BYTE, right, 6, in, (int)n, MPI_BYTE, left, 6, MPI_COMM_WORLD,
                 &status);
    check_status(&status, left, 6, n);
    verify(in, n, left, "MPI_Sendrecv");
    MPI_Sendrecv_replace(out, (int)n, MPI_BYTE, right, 7, left, 7, MPI_COMM_WORLD, &status);
    check_status(&status, left, 7, n);
    verify(out, n, left, "MPI_Sendrecv_replace");
    if (size < 2)
        return;
    fill(out, n, rank);
    if (rank % 2 == 0 && rank + 1 < size) {
        MPI_Send(out, (int)n, MPI_BYTE, rank + 1, 8, MPI_COMM_WORLD);
        MPI_Ssend(out, (int)n, MPI_BYTE, rank + 1, 9, MPI_COMM_WORLD);
        MPI_Bsend(out, (int)n, MPI_BYTE, rank + 1, 10, MPI_COMM_WORLD);
        MPI_Rsend(out, (int)n, MPI_BYTE, rank + 1, 11, MPI_COMM_WORLD);
    } else if (rank % 2 == 1) {
        MPI_Request request;
        MPI_Irecv(in, (int)n, MPI_BYTE, rank - 1, 11, MPI_COMM_WORLD, &request);
        for (int tag = 8; tag < 11; tag++) {
            memset(out, 0, n);
            MPI_Recv(out, (int)n, MPI_BYTE, rank - 1, tag, MPI_COMM_WORLD, &status);
            check_status(&status, rank - 1, tag, n);
            verify(out, n, rank - 1, "a blocking send");
        }
        MPI_Wait(&request, &status);
        verify(in, n, rank - 1, "MPI_Rsend");
    }
}

static void
proc_null(void)
{
    MPI_Status status;
    int x = 7;
    MPI_Send(&x, 1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD);
    MPI_Recv(&x, 1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &status);
    CHECK(x == 7, "%d", x);
    CHECK(status.MPI_SOURCE == MPI_PROC_NULL, "source %d", status.MPI_SOURCE);
    CHECK(status.MPI_TAG == MPI_ANY_TAG, "tag %d", status.MPI_TAG);
    MPI_Request request;
    MPI_Irecv(&x, 1, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, &status);
    CHECK(status.MPI_SOURCE == MPI_PROC_NULL, "source %d", status.MPI_SOURCE);
}

static void
to_self(void)
{
    int rank = world_rank(), values[3] = {1, 2, 3}, got[3] = {0};
    MPI_Request requests[2];
    MPI_Isend(values, 3, MPI_INT, rank, 1, MPI_COMM_WORLD, &requests[0]);
    MPI_Irecv(got, 3, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &requests[1]);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    CHECK(got[2] == 3, "%d", got[2]);
    MPI_Send(values, 3, MPI_INT, 0, 1, MPI_COMM_SELF);
    MPI_Recv(got, 3, MPI_INT, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    MPI_Irecv(got, 3, MPI_INT, rank, 2, MPI_COMM_WORLD, &requests[0]);
    MPI_Ssend(values, 3, MPI_INT, rank, 2, MPI_COMM_WORLD);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    size_t most = sizes[SIZES - 1];
    unsigned char *out = malloc(most + 1), *in = malloc(most + 1), *attached = malloc(most + 4096);
    MPI_Buffer_attach(attached, (int)most + 4096);
    for (size_t i = 0; i < SIZES; i++) {
        exchange(MPI_Isend, "MPI_Isend", out, in, sizes[i]);
        exchange(MPI_Issend, "MPI_Issend", out, in, sizes[i]);
        exchange(MPI_Ibsend, "MPI_Ibsend", out, in, sizes[i]);
        void *buffer;
        int size;
        MPI_Buffer_detach(&buffer, &size);
        CHECK(buffer == attached && size == (int)most + 4096, "detached %p of %d", buffer, size);
        MPI_Buffer_attach(attached, (int)most + 4096);
        exchange_blocking(out, in, sizes[i]);
        MPI_Buffer_detach(&buffer, &size);
        MPI_Buffer_attach(attached, (int)most + 4096);
    }
    proc_null();
    to_self();
    MPI_Finalize();
    free(out);
    free(in);
    free(attached);
    return 0;
}
