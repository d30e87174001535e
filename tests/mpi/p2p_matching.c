// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Matching: order, tags, wildcards, probes, matched probes, cancellation, and many messages in any
 * order. Rank 0 receives, every other rank sends the same things to it; alone,
 * it sends to itself. */

#include "check.h"

#include <string.h>

#define MANY 20000

static int rank, size, first; // senders are first..size-1

static int
is_sender(void)
{
    return rank >= first;
}

static void
send_int(int value, int tag)
{
    MPI_Request request;
    int *copy = malloc(sizeof *copy);
    *copy = value;
    MPI_Isend(copy, 1, MPI_INT, 0, tag, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    free(copy);
}

static int
recv_int(int source, int tag, MPI_Status *status)
{
    int value = -1;
    MPI_Recv(&value, 1, MPI_INT, source, tag, MPI_COMM_WORLD, status);
    return value;
}

static void
order_of_one_sender(void)
{
    if (is_sender())
        for (int i = 0; i < 1000; i++)
            send_int(i, i % 3);
    MPI_Status status;
    for (int source = first; rank == 0 && source < size; source++)
        for (int i = 0; i < 1000; i++) {
            int value = recv_int(source, MPI_ANY_TAG, &status);
            CHECK(value == i, "message %d of rank %d came as %d", value, source, i);
            CHECK(status.MPI_TAG == i % 3, "tag %d", status.MPI_TAG);
        }
}

static void
tags_in_reverse(void)
{
    if (is_sender())
        for (int i = 0; i < MANY; i++)
            send_int(i, i);
    for (int source = first; rank == 0 && source < size; source++)
        for (int i = MANY - 1; i >= 0; i--) {
            int value = recv_int(source, i, MPI_STATUS_IGNORE);
            CHECK(value == i, "tag %d brought %d", i, value);
        }
}

static void
any_source(void)
{
    int *next = calloc((size_t)size, sizeof *next);
    if (is_sender())
        for (int i = 0; i < 500; i++)
            send_int(i, 77);
    for (int i = 0; rank == 0 && i < 500 * (size - first); i++) {
        MPI_Status status;
        int value = recv_int(MPI_ANY_SOURCE, 77, &status);
        CHECK(value == next[status.MPI_SOURCE], "rank %d: %d, not %d", status.MPI_SOURCE, value,
              next[status.MPI_SOURCE]);
        next[status.MPI_SOURCE]++;
    }
    free(next);
}

// Receives posted with and without wildcards match in the order in which they were posted.
static void
posted_order(void)
{
    int values[4] = {-1, -1, -1, -1};
    MPI_Request requests[4];
    MPI_Status status;
    if (rank == 0) {
        MPI_Irecv(&values[0], 1, MPI_INT, MPI_ANY_SOURCE, 5, MPI_COMM_WORLD, &requests[0]);
        MPI_Irecv(&values[1], 1, MPI_INT, first, MPI_ANY_TAG, MPI_COMM_WORLD, &requests[1]);
        MPI_Irecv(&values[2], 1, MPI_INT, first, 5, MPI_COMM_WORLD, &requests[2]);
        MPI_Irecv(&values[3], 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD,
                  &requests[3]);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == first) {
        send_int(50, 5);
        send_int(60, 6);
        send_int(51, 5);
        send_int(70, 7);
    }
    if (rank != 0)
        return;
    MPI_Waitall(3, requests, MPI_STATUSES_IGNORE);
    MPI_Wait(&requests[3], &status);
    CHECK(values[0] == 50, "%d", values[0]);
    CHECK(values[1] == 60, "%d", values[1]);
    CHECK(values[2] == 51, "%d", values[2]);
    CHECK(values[3] == 70 && status.MPI_TAG == 7, "%d, tag %d", values[3], status.MPI_TAG);
}

static void
probes(void)
{
    char text[100000];
    memset(text, 'x', sizeof text);
    MPI_Request request = MPI_REQUEST_NULL;
    if (rank == first)
        MPI_Isend(text, (int)sizeof text, MPI_CHAR, 0, 9, MPI_COMM_WORLD, &request);
    if (rank == 0) {
        MPI_Status status;
        MPI_Message message;
        int count, flag;
        MPI_Probe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
        MPI_Get_count(&status, MPI_CHAR, &count);
        CHECK(count == (int)sizeof text && status.MPI_TAG == 9, "%d bytes, tag %d", count,
              status.MPI_TAG);
        MPI_Iprobe(first, 9, MPI_COMM_WORLD, &flag, &status);
        CHECK(flag, "the message is gone");
        MPI_Iprobe(first, 10, MPI_COMM_WORLD, &flag, &status);
        CHECK(!flag, "a message with tag 10");
        MPI_Mprobe(first, 9, MPI_COMM_WORLD, &message, &status);
        MPI_Iprobe(first, 9, MPI_COMM_WORLD, &flag, &status);
        CHECK(!flag, "a matched message is still there");
        char *got = calloc(1, sizeof text);
        MPI_Mrecv(got, (int)sizeof text, MPI_CHAR, &message, &status);
        CHECK(message == MPI_MESSAGE_NULL, "%p", (void *)message);
        CHECK(memcmp(got, text, sizeof text) == 0, "the data");
        free(got);
        MPI_Improbe(MPI_ANY_SOURCE, 9, MPI_COMM_WORLD, &flag, &message, &status);
        CHECK(!flag, "one message came twice");
    }
    MPI_Wait(&request, MPI_STATUS_IGNORE);
}

static void
cancelled(void)
{
    if (rank == 0) {
        int x, flag;
        MPI_Request request;
        MPI_Status status;
        MPI_Irecv(&x, 1, MPI_INT, first, 12345, MPI_COMM_WORLD, &request);
        MPI_Cancel(&request);
        MPI_Wait(&request, &status);
        MPI_Test_cancelled(&status, &flag);
        CHECK(flag, "the receive was not cancelled");
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == first)
        send_int(1, 12345);
    if (rank == 0)
        CHECK(recv_int(first, 12345, MPI_STATUS_IGNORE) == 1, "the cancelled one took it");
}

static void
completion(void)
{
    enum { N = 50 };
    int values[N], done[N] = {0}, left = N, index, indices[N], count, flag;
    MPI_Request requests[N];
    MPI_Status status, statuses[N];
    if (rank == first)
        for (int i = N - 1; i >= 0; i--)
            send_int(i, 100 + i);
    if (rank != 0)
        return;
    for (int i = 0; i < N; i++)
        MPI_Irecv(&values[i], 1, MPI_INT, first, 100 + i, MPI_COMM_WORLD, &requests[i]);
    MPI_Waitany(N, requests, &index, &status);
    done[index]++, left--;
    CHECK(status.MPI_TAG == 100 + index && values[index] == index, "%d", values[index]);
    while (left > N / 2) {
        MPI_Waitsome(N, requests, &count, indices, statuses);
        for (int i = 0; i < count; i++)
            done[indices[i]]++;
        left -= count;
    }
    while (left) {
        MPI_Testsome(N, requests, &count, indices, statuses);
        for (int i = 0; count != MPI_UNDEFINED && i < count; i++, left--)
            done[indices[i]]++;
    }
    for (int i = 0; i < N; i++)
        CHECK(done[i] == 1 && values[i] == i, "request %d: %d times, %d", i, done[i], values[i]);
    MPI_Testall(N, requests, &flag, MPI_STATUSES_IGNORE);
    CHECK(flag, "null requests are not done");
    MPI_Waitany(N, requests, &index, &status);
    CHECK(index == MPI_UNDEFINED, "%d", index);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    first = size > 1;
    order_of_one_sender();
    MPI_Barrier(MPI_COMM_WORLD);
    tags_in_reverse();
    MPI_Barrier(MPI_COMM_WORLD);
    any_source();
    MPI_Barrier(MPI_COMM_WORLD);
    posted_order();
    MPI_Barrier(MPI_COMM_WORLD);
    probes();
    MPI_Barrier(MPI_COMM_WORLD);
    cancelled();
    MPI_Barrier(MPI_COMM_WORLD);
    completion();
    MPI_Finalize();
    return 0;
}
