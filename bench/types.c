// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Moving data with holes, beside the loop that one would write by hand: packing, unpacking, and
 * copying from one layout to another (a message to the rank itself). A line for each layout: what
 * the loop takes, in microseconds, and how many times that MPI takes. Both run in turn in one
 * process; the best of the rounds counts.
 *
 * types [rounds]
 */
#include <mpi.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE   1024 // of the matrix
#define CUBE   128  // of the cube
#define PIECES 1000000
#define ITEMS  100000

struct item {
    int id;
    double place[3];
    short flags;
    float weight;
};

static double *data, *packed, *other;
static struct item *items;
static int *list, *lengths;
static size_t total; // bytes of the case under way

/* ---- by hand ---- */

static void
column_out(void)
{
    for (int i = 0; i < SIDE; i++)
        packed[i] = data[(size_t)i * SIDE];
}

static void
column_in(void)
{
    for (int i = 0; i < SIDE; i++)
        data[(size_t)i * SIDE] = packed[i];
}

static void
columns_out(void)
{
    double *to = packed;
    for (int j = 0; j < SIDE; j++)
        for (int i = 0; i < SIDE; i++)
            *to++ = data[(size_t)i * SIDE + (size_t)j];
}

static void
columns_in(void)
{
    double *from = packed;
    for (int j = 0; j < SIDE; j++)
        for (int i = 0; i < SIDE; i++)
            data[(size_t)i * SIDE + (size_t)j] = *from++;
}

#define IN_CUBE(x, y) (((size_t)(x)*CUBE + (size_t)(y)) * CUBE + 7)

static void
cube_out(void)
{
    double *to = packed;
    for (int x = 0; x < 64; x++)
        for (int y = 0; y < 64; y++, to += 64)
            memcpy(to, data + IN_CUBE(x, y), 64 * sizeof(double));
}

static void
cube_in(void)
{
    double *from = packed;
    for (int x = 0; x < 64; x++)
        for (int y = 0; y < 64; y++, from += 64)
            memcpy(data + IN_CUBE(x, y), from, 64 * sizeof(double));
}

static void
face_out(void)
{
    double *to = packed;
    for (int x = 0; x < CUBE; x++)
        for (int y = 0; y < CUBE; y++)
            for (int z = 0; z < 3; z++)
                *to++ = data[IN_CUBE(x, y) + (size_t)z];
}

static void
face_in(void)
{
    double *from = packed;
    for (int x = 0; x < CUBE; x++)
        for (int y = 0; y < CUBE; y++)
            for (int z = 0; z < 3; z++)
                data[IN_CUBE(x, y) + (size_t)z] = *from++;
}

// All members, without the gaps between them.
static void
items_out(void)
{
    char *to = (char *)packed;
    for (int i = 0; i < ITEMS; i++) {
        const struct item *item = &items[i];
        memcpy(to, &item->id, 4);
        memcpy(to + 4, item->place, 24);
        memcpy(to + 28, &item->flags, 2);
        memcpy(to + 30, &item->weight, 4);
        to += 34;
    }
}

static void
items_in(void)
{
    const char *from = (const char *)packed;
    for (int i = 0; i < ITEMS; i++) {
        struct item *item = &items[i];
        memcpy(&item->id, from, 4);
        memcpy(item->place, from + 4, 24);
        memcpy(&item->flags, from + 28, 2);
        memcpy(&item->weight, from + 30, 4);
        from += 34;
    }
}

static void
list_out(void)
{
    for (int i = 0; i < PIECES; i++)
        packed[i] = data[list[i]];
}

static void
list_in(void)
{
    for (int i = 0; i < PIECES; i++)
        data[list[i]] = packed[i];
}

static void
pieces_out(void)
{
    double *to = packed;
    for (int i = 0; i < PIECES; i++)
        for (int k = 0; k < lengths[i]; k++)
            *to++ = data[list[i] + k];
}

static void
pieces_in(void)
{
    double *from = packed;
    for (int i = 0; i < PIECES; i++)
        for (int k = 0; k < lengths[i]; k++)
            data[list[i] + k] = *from++;
}

/* ---- from layout to layout ---- */

static void
column_to_column(void)
{
    for (int i = 0; i < SIDE; i++)
        other[(size_t)i * SIDE + 5] = data[(size_t)i * SIDE];
}

static void
cube_to_cube(void)
{
    for (int x = 0; x < 64; x++)
        for (int y = 0; y < 64; y++)
            memcpy(other + IN_CUBE(y, x), data + IN_CUBE(x, y), 64 * sizeof(double));
}

static void
list_to_every_second(void)
{
    for (int i = 0; i < PIECES; i++)
        other[2 * (size_t)i] = data[list[i]];
}

static void
face_to_every_second(void)
{
    double *to = other;
    for (int x = 0; x < CUBE; x++)
        for (int y = 0; y < CUBE; y++)
            for (int z = 0; z < 3; z++, to += 2)
                *to = data[IN_CUBE(x, y) + (size_t)z];
}

/* ---- datatypes ---- */

static MPI_Datatype
committed(MPI_Datatype type)
{
    MPI_Type_commit(&type);
    return type;
}

static MPI_Datatype
column(void)
{
    MPI_Datatype type;
    MPI_Type_vector(SIDE, 1, SIDE, MPI_DOUBLE, &type);
    return committed(type);
}

static MPI_Datatype
columns(void)
{
    MPI_Datatype one = column(), type, all;
    MPI_Type_create_resized(one, 0, sizeof(double), &type);
    MPI_Type_contiguous(SIDE, type, &all);
    return committed(all);
}

static MPI_Datatype
part_of_cube(int x, int y, int z, int order)
{
    int sizes[] = {CUBE, CUBE, CUBE}, subsizes[] = {x, y, z}, starts[] = {0, 0, 7};
    MPI_Datatype type;
    MPI_Type_create_subarray(3, sizes, subsizes, starts, order, MPI_DOUBLE, &type);
    return committed(type);
}

static MPI_Datatype
cube(void)
{
    return part_of_cube(64, 64, 64, MPI_ORDER_C);
}

static MPI_Datatype
face(void)
{
    return part_of_cube(CUBE, CUBE, 3, MPI_ORDER_C);
}

// Its rows go where columns of rows would.
static MPI_Datatype
turned_cube(void)
{
    MPI_Datatype row, line, type, shifted;
    MPI_Aint at = 7 * sizeof(double);
    MPI_Type_contiguous(64, MPI_DOUBLE, &row);
    MPI_Type_create_hvector(64, 1, CUBE * CUBE * sizeof(double), row, &line);
    MPI_Type_create_hvector(64, 1, CUBE * sizeof(double), line, &type);
    MPI_Type_create_hindexed_block(1, 1, &at, type, &shifted);
    return committed(shifted);
}

static MPI_Datatype
item_type(void)
{
    int counts[] = {1, 3, 1, 1};
    MPI_Aint at[] = {offsetof(struct item, id), offsetof(struct item, place),
                     offsetof(struct item, flags), offsetof(struct item, weight)};
    MPI_Datatype types[] = {MPI_INT, MPI_DOUBLE, MPI_SHORT, MPI_FLOAT}, type;
    MPI_Type_create_struct(4, counts, at, types, &type);
    return committed(type);
}

static MPI_Datatype
list_type(void)
{
    MPI_Datatype type;
    MPI_Type_create_indexed_block(PIECES, 1, list, MPI_DOUBLE, &type);
    return committed(type);
}

static MPI_Datatype
pieces_type(void)
{
    MPI_Datatype type;
    MPI_Type_indexed(PIECES, lengths, list, MPI_DOUBLE, &type);
    return committed(type);
}

static MPI_Datatype
every_second(int n)
{
    MPI_Datatype type;
    MPI_Type_vector(n, 1, 2, MPI_DOUBLE, &type);
    return committed(type);
}

/* ---- measuring ---- */

static MPI_Datatype type, type_to;
static int count;
static void *user;

static void
mpi_out(void)
{
    int position = 0;
    MPI_Pack(user, count, type, packed, (int)total, &position, MPI_COMM_SELF);
}

static void
mpi_in(void)
{
    int position = 0;
    MPI_Unpack(packed, (int)total, &position, user, count, type, MPI_COMM_SELF);
}

static void
mpi_copy(void)
{
    MPI_Sendrecv(user, 1, type, 0, 0, other, 1, type_to, 0, 0, MPI_COMM_SELF, MPI_STATUS_IGNORE);
}

static double
once(void (*f)(void), int calls)
{
    double start = MPI_Wtime();
    for (int i = 0; i < calls; i++)
        f();
    return (MPI_Wtime() - start) / calls * 1e6;
}

static void
compare(const char *name, void (*hand)(void), void (*mpi)(void), int rounds)
{
    double least_hand = 1e30, least_mpi = 1e30;
    int calls = total < (1 << 16) ? 200 : total < (1 << 20) ? 20 : 3;
    for (int i = 0; i < rounds; i++) {
        double h = once(hand, calls), m = once(mpi, calls);
        least_hand = h < least_hand ? h : least_hand;
        least_mpi = m < least_mpi ? m : least_mpi;
    }
    printf("%-44s %9.2f %6.2f\n", name, least_hand, least_mpi / least_hand);
    fflush(stdout);
}

struct row {
    const char *name;
    MPI_Datatype (*type)(void);
    void (*out)(void), (*in)(void);
    int count;
};

static void
pack_row(const struct row *row, int rounds)
{
    char name[100];
    int size;
    type = row->type();
    count = row->count;
    user = row->out == items_out ? (void *)items : (void *)data;
    MPI_Type_size(type, &size);
    total = (size_t)size * (size_t)count;
    snprintf(name, sizeof name, "%s, packed", row->name);
    compare(name, row->out, mpi_out, rounds);
    snprintf(name, sizeof name, "%s, unpacked", row->name);
    compare(name, row->in, mpi_in, rounds);
    MPI_Type_free(&type);
}

static void
copy_row(const char *name, MPI_Datatype from, MPI_Datatype to, void (*hand)(void), int rounds)
{
    int size;
    type = from;
    type_to = to;
    user = data;
    MPI_Type_size(type, &size);
    total = (size_t)size;
    compare(name, hand, mpi_copy, rounds);
}

static void *
filled(size_t bytes)
{
    char *p = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    for (size_t i = 0; i < bytes; i++)
        p[i] = (char)i;
    return p;
}

// Ascending places with gaps between them, and how many there.
static void
make_list(void)
{
    list = filled(PIECES * sizeof(int));
    lengths = filled(PIECES * sizeof(int));
    unsigned random = 1;
    for (int i = 0, at = 0; i < PIECES; i++) {
        random = random * 1103515245u + 12345u;
        list[i] = at;
        lengths[i] = 1 + (int)(random >> 16) % 4;
        at += lengths[i] + 1 + (int)(random >> 24) % 3;
    }
}

int
main(int argc, char **argv)
{
    static const struct row rows[] = {
        {"a column of 1024 x 1024", column, column_out, column_in, 1},
        {"all columns of it", columns, columns_out, columns_in, 1},
        {"64 x 64 x 64 of 128 x 128 x 128", cube, cube_out, cube_in, 1},
        {"a face of it, 3 thick", face, face_out, face_in, 1},
        {"100,000 structures", item_type, items_out, items_in, ITEMS},
        {"1,000,000 at places", list_type, list_out, list_in, 1},
        {"1,000,000 pieces of 1 to 4", pieces_type, pieces_out, pieces_in, 1},
    };
    MPI_Init(&argc, &argv);
    int rounds = argc > 1 ? atoi(argv[1]) : 20;
    size_t bytes = 8u * PIECES * sizeof(double);
    data = filled(bytes);
    packed = filled(bytes);
    other = filled(bytes);
    items = filled(ITEMS * sizeof(struct item));
    make_list();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        pack_row(&rows[i], rounds);
    MPI_Aint at = 5 * sizeof(double);
    MPI_Datatype shifted;
    MPI_Type_create_hindexed_block(1, 1, &at, column(), &shifted);
    copy_row("a column to a column", column(), committed(shifted), column_to_column, rounds);
    copy_row("64 x 64 x 64 to the same, turned", cube(), turned_cube(), cube_to_cube, rounds);
    copy_row("1,000,000 at places to every second", list_type(), every_second(PIECES),
             list_to_every_second, rounds);
    copy_row("a face, 3 thick, to every second", face(), every_second(3 * CUBE * CUBE),
             face_to_every_second, rounds);
    MPI_Finalize();
    return 0;
}
