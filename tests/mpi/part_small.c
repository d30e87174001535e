// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Partitions of a few bytes round a ring: very many of them in little memory; with holes on either
 * side and other numbers on both; a round that is ready before the one before was received; more
 * than there is room for; a sender that is gone before its receiver looks. */

#include "check.h"

#include <string.h>
#include <sys/resource.h>

enum { MANY = 200000 };

static int rank, size, left, right;
static double *out, *in;

static void
fill(int n, int round)
{
    for (int i = 0; i < n; i++)
        out[i] = rank * 1e9 + round * 1e7 + i;
    for (int i = 0; i < n; i++)
        in[i] = -1;
}

static void
look(int from, int n, int round)
{
    for (int i = from; i < from + n; i++)
        CHECK(in[i] == left * 1e9 + round * 1e7 + i, "round %d, number %d is %g", round, i, in[i]);
}

static void
init(int sends, int receives, int total, MPI_Request r[2])
{
    MPI_Psend_init(out, sends, total / sends, MPI_DOUBLE, right, 2, MPI_COMM_WORLD, MPI_INFO_NULL,
                   &r[0]);
    MPI_Precv_init(in, receives, total / receives, MPI_DOUBLE, left, 2, MPI_COMM_WORLD,
                   MPI_INFO_NULL, &r[1]);
}

static void
end(MPI_Request r[2])
{
    MPI_Request_free(&r[0]);
    MPI_Request_free(&r[1]);
}

static long
kilobytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

// A message each would take hundreds of bytes.
static void
very_many(void)
{
    MPI_Request r[2];
    fill(MANY, 0);
    long before = kilobytes();
    init(MANY, MANY, MANY, r);
    for (int round = 0; round < 2; round++) {
        fill(MANY, round);
        MPI_Startall(2, r);
        if (round)
            MPI_Pready_range(0, MANY - 1, r[0]);
        else
            for (int i = MANY - 1; i >= 0; i--)
                MPI_Pready(i, r[0]);
        MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
        look(0, MANY, round);
    }
    end(r);
    long more = kilobytes() - before;
    // 8 of data, 8 noted, twice: the sender's box is in the receiver's memory too; 9 to count.
    CHECK(right == rank || more < 60l * MANY / 1000, "%ld KiB more", more);
}

static void
other_numbers(void)
{
    static const int numbers[][2] = {{1000, 7}, {7, 1000}, {350, 350}, {1000, 1}, {2, 3500}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int sends = numbers[i][0], receives = numbers[i][1], total = 7000, flag;
        MPI_Request r[2];
        init(sends, receives, total, r);
        for (int round = 0; round < 3; round++) {
            fill(total, round);
            MPI_Startall(2, r);
            for (int k = 0; k < sends; k++)
                MPI_Pready((k * 3 + round) % sends, r[0]); // 3 divides none of them
            for (int p = receives - 1; p >= 0; p--) {
                for (flag = 0; !flag;)
                    MPI_Parrived(r[1], p, &flag);
                look(p * (total / receives), total / receives, round);
            }
            MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
        }
        end(r);
    }
}

// The second round has to wait for the receiver, who takes one after the other.
static void
ahead(void)
{
    MPI_Request r[2];
    init(500, 500, 500, r);
    fill(500, 0);
    MPI_Start(&r[0]);
    MPI_Pready_range(0, 499, r[0]);
    MPI_Wait(&r[0], MPI_STATUS_IGNORE);
    MPI_Start(&r[0]);
    for (int i = 0; i < 500; i++)
        out[i] = rank * 1e9 + 1e7 + i;
    MPI_Pready_range(100, 399, r[0]);
    for (int i = 0; i < 100; i++)
        MPI_Pready(i, r[0]);
    for (int round = 0; round < 2; round++) {
        int list[100];
        for (int i = 0; i < 100; i++)
            list[i] = 499 - i;
        MPI_Start(&r[1]);
        if (round)
            MPI_Pready_list(100, list, r[0]);
        MPI_Wait(&r[1], MPI_STATUS_IGNORE);
        look(0, 500, round);
    }
    MPI_Wait(&r[0], MPI_STATUS_IGNORE);
    end(r);
}

// Every second number here goes to pairs with a gap there.
static void
with_holes(void)
{
    MPI_Datatype seconds, pairs;
    MPI_Request r[2];
    int n = 600;
    MPI_Type_create_resized(MPI_DOUBLE, 0, 2 * sizeof(double), &seconds);
    MPI_Type_vector(2, 2, 3, MPI_DOUBLE, &pairs);
    MPI_Type_create_resized(pairs, 0, 6 * sizeof(double), &pairs);
    MPI_Type_commit(&seconds);
    MPI_Type_commit(&pairs);
    MPI_Psend_init(out, n / 6, 6, seconds, right, 2, MPI_COMM_WORLD, MPI_INFO_NULL, &r[0]);
    MPI_Precv_init(in, n / 4, 1, pairs, left, 2, MPI_COMM_WORLD, MPI_INFO_NULL, &r[1]);
    for (int round = 0; round < 2; round++) {
        fill(2 * n, round);
        MPI_Startall(2, r);
        for (int i = 0; i < n / 6; i++)
            MPI_Pready(i, r[0]);
        MPI_Waitall(2, r, MPI_STATUSES_IGNORE);
        for (int i = 0; i < n; i++) {
            double is = in[i / 4 * 6 + i % 4 / 2 * 3 + i % 2];
            CHECK(is == left * 1e9 + round * 1e7 + 2 * i, "round %d, number %d is %g", round, i,
                  is);
        }
        for (int i = 2; i < n / 4 * 6; i += 3)
            CHECK(in[i] == -1, "the gap at %d is %g", i, in[i]);
    }
    end(r);
    MPI_Type_free(&seconds);
    MPI_Type_free(&pairs);
}

static void
too_many_and_too_few(void)
{
    MPI_Request r[2];
    MPI_Status status;
    int class, n, flag;
    for (int few = 0; few < 2; few++) {
        MPI_Psend_init(out, 100, 1, MPI_DOUBLE, right, 2, MPI_COMM_WORLD, MPI_INFO_NULL, &r[0]);
        MPI_Precv_init(in, few ? 120 : 90, 1, MPI_DOUBLE, left, 2, MPI_COMM_WORLD, MPI_INFO_NULL,
                       &r[1]);
        for (int round = 0; round < 2; round++) {
            fill(120, round);
            MPI_Startall(2, r);
            MPI_Pready_range(0, 99, r[0]);
            MPI_Wait(&r[0], MPI_STATUS_IGNORE);
            MPI_Error_class(MPI_Wait(&r[1], &status), &class);
            CHECK(class == (few ? MPI_SUCCESS : MPI_ERR_TRUNCATE), "%d", class);
            if (few) {
                MPI_Get_count(&status, MPI_DOUBLE, &n);
                MPI_Parrived(r[1], 119, &flag);
                CHECK(n == 100 && flag, "%d %d", n, flag);
                look(0, 100, round);
            }
            CHECK(in[110] == -1, "beyond the end: %g", in[110]);
        }
        end(r);
    }
}

static void
gone(void)
{
    MPI_Request r[2];
    for (int i = 0; i < 20; i++) {
        init(300, 300, 300, r);
        fill(300, i);
        MPI_Start(&r[0]);
        MPI_Pready_range(0, 299, r[0]);
        MPI_Wait(&r[0], MPI_STATUS_IGNORE);
        MPI_Request_free(&r[0]);
        MPI_Start(&r[1]);
        MPI_Wait(&r[1], MPI_STATUS_IGNORE);
        look(0, 300, i);
        MPI_Request_free(&r[1]);
        init(2, 300, 300, r); // never started
        end(r);
    }
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    right = (rank + 1) % size;
    left = (rank + size - 1) % size;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    out = malloc(MANY * sizeof *out);
    in = malloc(MANY * sizeof *in);
    very_many();
    other_numbers();
    ahead();
    with_holes();
    too_many_and_too_few();
    gone();
    MPI_Finalize();
    return 0;
}
