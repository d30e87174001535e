// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* All ranks change the same elements of rank 0 at once: nothing is lost, in memory of the segment,
 * in memory that is copied between processes, and where the kernel refuses such copies to some
 * ranks, then to all. The target sleeps meanwhile. */

#include "check.h"
#include "refuse.h"

#include <complex.h>
#include <string.h>

#define ROUNDS 60
#define ROOM   4096

enum kind { ALLOCATE, CREATE, DYNAMIC, KINDS };

// What is changed, all in the memory of rank 0.
struct shared {
    long counter, exchanged;
    int largest, bits;
    short small;
    signed char bytes[100];
    float single;
    double real;
    double complex z;
    long double precise;
    struct {
        double value;
        int index;
    } real_place;
    struct {
        short value;
        int index;
    } short_place;
    struct {
        int value, index;
    } int_place;
    char before[4], unaligned[8];
    long apart[20];
    int swapped;
};

static int rank, size;
static MPI_Aint base;

#define AT(member) (base + (MPI_Aint)offsetof(struct shared, member))

static MPI_Win
make(enum kind kind, struct shared **own, void **plain)
{
    MPI_Win win;
    *plain = calloc(1, ROOM);
    *own = *plain;
    base = 0;
    if (kind == ALLOCATE) {
        MPI_Win_allocate(sizeof **own, 1, MPI_INFO_NULL, MPI_COMM_WORLD, own, &win);
    } else if (kind == CREATE) {
        MPI_Win_create(*own, ROOM, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win);
    } else {
        MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &win);
        MPI_Win_attach(win, *own, ROOM);
        MPI_Get_address(*own, &base);
        MPI_Bcast(&base, 1, MPI_AINT, 0, MPI_COMM_WORLD);
    }
    if (rank == 0) {
        (*own)->short_place.value = 30000;
        (*own)->int_place.value = -1;
    }
    MPI_Barrier(MPI_COMM_WORLD);
    return win;
}

static void
counters(MPI_Win win)
{
    long one = 1, seen, last = -1;
    for (int i = 0; i < ROUNDS; i++) {
        MPI_Fetch_and_op(&one, &seen, MPI_LONG, 0, AT(counter), MPI_SUM, win);
        MPI_Win_flush(0, win);
        CHECK(seen > last, "%ld after %ld", seen, last);
        last = seen;
        // The same by hand.
        long now = 0, next, found = 0;
        do {
            now = found;
            next = now + 1;
            MPI_Compare_and_swap(&next, &now, &found, MPI_LONG, 0, AT(exchanged), win);
            MPI_Win_flush(0, win);
        } while (found != now);
    }
}

static void
numbers(MPI_Win win, int round)
{
    int largest = rank * 1000 + round, bit = 1 << rank;
    short small = 1;
    float single = 0.5f;
    double real = 0.25;
    double complex z = 1 - 2 * I;
    long double precise = 0.125L;
    MPI_Accumulate(&largest, 1, MPI_INT, 0, AT(largest), 1, MPI_INT, MPI_MAX, win);
    MPI_Accumulate(&bit, 1, MPI_INT, 0, AT(bits), 1, MPI_INT, MPI_BOR, win);
    MPI_Accumulate(&small, 1, MPI_SHORT, 0, AT(small), 1, MPI_SHORT, MPI_SUM, win);
    MPI_Accumulate(&single, 1, MPI_FLOAT, 0, AT(single), 1, MPI_FLOAT, MPI_SUM, win);
    MPI_Accumulate(&real, 1, MPI_DOUBLE, 0, AT(real), 1, MPI_DOUBLE, MPI_SUM, win);
    MPI_Accumulate(&z, 1, MPI_C_DOUBLE_COMPLEX, 0, AT(z), 1, MPI_C_DOUBLE_COMPLEX, MPI_SUM, win);
    MPI_Accumulate(&precise, 1, MPI_LONG_DOUBLE, 0, AT(precise), 1, MPI_LONG_DOUBLE, MPI_SUM, win);
    MPI_Accumulate(&real, 1, MPI_DOUBLE, 0, AT(unaligned), 1, MPI_DOUBLE, MPI_SUM, win);
}

static void
places(MPI_Win win, int round)
{
    struct {
        double value;
        int index;
    } real = {rank * 100 + round, rank}, was;
    struct {
        short value;
        int index;
    } small = {(short)(1000 - rank * 100 - round), rank};
    struct {
        int value, index;
    } whole = {rank * 100 + round, rank};
    MPI_Get_accumulate(&real, 1, MPI_DOUBLE_INT, &was, 1, MPI_DOUBLE_INT, 0, AT(real_place), 1,
                       MPI_DOUBLE_INT, MPI_MAXLOC, win);
    CHECK(was.value == (int)was.value / 100 * 100 + (int)was.value % 100 &&
              (was.value < 100 || was.index == (int)was.value / 100),
          "%g at %d", was.value, was.index);
    MPI_Accumulate(&small, 1, MPI_SHORT_INT, 0, AT(short_place), 1, MPI_SHORT_INT, MPI_MINLOC, win);
    MPI_Accumulate(&whole, 1, MPI_2INT, 0, AT(int_place), 1, MPI_2INT, MPI_MAXLOC, win);
}

// Arrays, and every second of a row.
static void
arrays(MPI_Win win)
{
    signed char ones[100];
    long some[10], old[10];
    MPI_Datatype apart;
    MPI_Type_vector(10, 1, 2, MPI_LONG, &apart);
    MPI_Type_commit(&apart);
    memset(ones, 1, sizeof ones);
    for (int i = 0; i < 10; i++)
        some[i] = i;
    MPI_Accumulate(ones, 100, MPI_SIGNED_CHAR, 0, AT(bytes), 100, MPI_SIGNED_CHAR, MPI_SUM, win);
    MPI_Get_accumulate(some, 10, MPI_LONG, old, 10, MPI_LONG, 0, AT(apart), 1, apart, MPI_SUM, win);
    for (int i = 1; i < 10; i++)
        CHECK(old[i] % i == 0, "element %d was %ld", i, old[i]);
    MPI_Type_free(&apart);
}

static void
look(const struct shared *s)
{
    long n = (long)ROUNDS * size;
    int last = size - 1;
    CHECK(s->counter == n && s->exchanged == n, "%ld, %ld of %ld", s->counter, s->exchanged, n);
    CHECK(s->largest == last * 1000 + ROUNDS - 1, "largest %d", s->largest);
    CHECK(s->bits == (1 << size) - 1, "bits %x", (unsigned)s->bits);
    CHECK(s->small == (short)n, "small %d", s->small);
    CHECK(s->single == (float)n * 0.5f, "single %g", (double)s->single);
    CHECK(s->real == (double)n * 0.25, "real %g", s->real);
    CHECK(creal(s->z) == (double)n && cimag(s->z) == -2. * (double)n, "z %g", creal(s->z));
    CHECK(s->precise == (long double)n * 0.125L, "precise %g", (double)s->precise);
    double unaligned;
    memcpy(&unaligned, s->unaligned, sizeof unaligned);
    CHECK(unaligned == (double)n * 0.25, "unaligned %g", unaligned);
    CHECK(s->real_place.value == last * 100 + ROUNDS - 1 && s->real_place.index == last, "%g at %d",
          s->real_place.value, s->real_place.index);
    CHECK(s->short_place.value == 1000 - last * 100 - (ROUNDS - 1) && s->short_place.index == last,
          "%d at %d", s->short_place.value, s->short_place.index);
    CHECK(s->int_place.value == last * 100 + ROUNDS - 1 && s->int_place.index == last, "%d at %d",
          s->int_place.value, s->int_place.index);
    for (int i = 0; i < 100; i++)
        CHECK(s->bytes[i] == (signed char)n, "byte %d is %d", i, s->bytes[i]);
    for (int i = 0; i < 20; i++)
        CHECK(s->apart[i] == (i % 2 ? 0 : i / 2 * n), "element %d is %ld", i, s->apart[i]);
}

static void
all(enum kind kind)
{
    struct shared *own;
    void *plain;
    MPI_Win win = make(kind, &own, &plain);
    MPI_Win_lock_all(0, win);
    counters(win);
    for (int i = 0; i < ROUNDS; i++) {
        numbers(win, i);
        places(win, i);
        arrays(win);
    }
    MPI_Win_unlock_all(win);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        look(own);
    MPI_Win_free(&win);
    free(plain);
}

// More than what is copied at a time, in both directions, with a layout on one side.
static void
large(void)
{
    const int n = 1 << 18;
    int *own = calloc((size_t)n, sizeof *own), *out = malloc((size_t)n * sizeof *out);
    int *in = malloc(2 * (size_t)n * sizeof *in), right = (rank + 1) % size;
    MPI_Win win;
    MPI_Datatype apart;
    MPI_Type_vector(n, 1, 2, MPI_INT, &apart);
    MPI_Type_commit(&apart);
    MPI_Win_create(own, (MPI_Aint)sizeof *own * n, sizeof *own, MPI_INFO_NULL, MPI_COMM_WORLD,
                   &win);
    for (int i = 0; i < n; i++)
        out[i] = i * 3 + rank;
    MPI_Win_fence(0, win);
    MPI_Put(out, n, MPI_INT, right, 0, n, MPI_INT, win);
    MPI_Win_fence(0, win);
    MPI_Get(in, 1, apart, right, 0, n, MPI_INT, win);
    MPI_Accumulate(out, n, MPI_INT, right, 0, n, MPI_INT, MPI_SUM, win);
    MPI_Win_fence(0, win);
    int left = (rank + size - 1) % size;
    for (int i = 0; i < n; i++) {
        CHECK(in[2 * i] == out[i], "element %d: %d", i, in[2 * i]);
        CHECK(own[i] == 2 * (i * 3 + left), "sum %d: %d", i, own[i]);
    }
    MPI_Win_free(&win);
    MPI_Type_free(&apart);
    free(own);
    free(out);
    free(in);
}

static void
everything(void)
{
    for (int kind = 0; kind < KINDS; kind++)
        all((enum kind)kind);
    large();
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    everything();
    if (rank % 2)
        refuse();
    everything();
    if (rank % 2 == 0)
        refuse();
    everything();
    MPI_Finalize();
    return 0;
}
