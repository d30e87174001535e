// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Large messages between layouts whose pieces are large enough to be copied from buffer to buffer:
 * each kind of layout with each, in memory of the process's own and in the segment's, so often that
 * every way is taken. What arrives is compared with the packed data; what lies between the pieces
 * must not change. Then the kernel refuses copies to one of each two ranks, and a sender takes its
 * buffer back in the middle. */
#include "refuse.h"

#include <stdlib.h>
#include <string.h>

#define TOTAL (192 << 10) // bytes in a message
#define ROOM  (3 << 19)
#define START (300 << 10) // of the buffer in the room: some layouts go backwards
#define OFTEN 10          // messages between two layouts: both ways are tried

static MPI_Datatype
bytes(void)
{
    MPI_Datatype type;
    MPI_Type_contiguous(TOTAL, MPI_BYTE, &type);
    return type;
}

static MPI_Datatype
rows(void)
{
    MPI_Datatype type;
    MPI_Type_vector(48, 4096, 5000, MPI_BYTE, &type);
    return type;
}

static MPI_Datatype
rows_backwards(void)
{
    MPI_Datatype type;
    MPI_Type_vector(32, 6144, -8192, MPI_BYTE, &type);
    return type;
}

static MPI_Datatype
cube(void)
{
    int sizes[] = {10, 12, 8192}, part[] = {8, 6, 4096}, starts[] = {1, 2, 100};
    MPI_Datatype type;
    MPI_Type_create_subarray(3, sizes, part, starts, MPI_ORDER_C, MPI_BYTE, &type);
    return type;
}

static MPI_Datatype
places(void)
{
    MPI_Aint at[24];
    MPI_Datatype type;
    for (int i = 0; i < 24; i++)
        at[i] = (i * 7 % 24) * 10000 + i * 13;
    MPI_Type_create_hindexed_block(24, 8192, at, MPI_BYTE, &type);
    return type;
}

static MPI_Datatype
uneven(void)
{
    int lengths[16], at[16];
    MPI_Datatype type;
    for (int i = 0; i < 16; i++) {
        lengths[i] = TOTAL / 16 + (i % 2 ? 1001 : -1001);
        at[i] = i * 16000 + i * i;
    }
    MPI_Type_indexed(16, lengths, at, MPI_BYTE, &type);
    return type;
}

static MPI_Datatype
mixed(void)
{
    int lengths[] = {1, 40000, 1};
    MPI_Aint at[] = {0, 200000, 300000};
    MPI_Datatype types[] = {MPI_BYTE, MPI_BYTE, MPI_BYTE}, type;
    MPI_Type_vector(20, 3000, 4001, MPI_BYTE, &types[0]);
    MPI_Type_vector(4, (TOTAL - 100000) / 4, 30000, MPI_BYTE, &types[2]);
    MPI_Type_create_struct(3, lengths, at, types, &type);
    MPI_Type_free(&types[0]);
    MPI_Type_free(&types[2]);
    return type;
}

// Small pieces: never by the kernel.
static MPI_Datatype
every_second(void)
{
    MPI_Datatype type;
    MPI_Type_vector(TOTAL / 8, 8, 16, MPI_BYTE, &type);
    return type;
}

static MPI_Datatype
scattered(void)
{
    static int at[TOTAL / 16];
    MPI_Datatype type;
    for (int i = 0; i < TOTAL / 16; i++)
        at[i] = i * 40 + i % 5;
    MPI_Type_create_indexed_block(TOTAL / 16, 16, at, MPI_BYTE, &type);
    return type;
}

#define TYPES 9
static MPI_Datatype types[TYPES];

static void
make_types(void)
{
    MPI_Datatype (*const make[TYPES])(void) = {bytes,  rows,  rows_backwards, cube,     places,
                                               uneven, mixed, every_second,   scattered};
    for (int i = 0; i < TYPES; i++) {
        int size;
        types[i] = make[i]();
        MPI_Type_commit(&types[i]);
        MPI_Type_size(types[i], &size);
        CHECK(size == TOTAL, "type %d: %d", i, size);
    }
}

static unsigned char *expected, *got, *clean;

static void
pack(const unsigned char *room, MPI_Datatype type, unsigned char *to)
{
    int position = 0;
    MPI_Pack(room + START, 1, type, to, TOTAL, &position, MPI_COMM_SELF);
}

// All that is no data of the type is as it was.
static void
check_beside(unsigned char *room, MPI_Datatype type)
{
    int position = 0;
    memset(got, 0x5a, TOTAL);
    MPI_Unpack(got, TOTAL, &position, room + START, 1, type, MPI_COMM_SELF);
    CHECK(memcmp(room, clean, ROOM) == 0, "a byte beside the data has changed");
}

static void
receive(unsigned char *room, MPI_Datatype type, int from, int salt)
{
    MPI_Status status;
    int n;
    memset(room, 0x5a, ROOM);
    MPI_Recv(room + START, 1, type, from, 3, MPI_COMM_WORLD, &status);
    MPI_Get_count(&status, type, &n);
    CHECK(n == 1, "%d", n);
    pack(room, type, got);
    for (int i = 0; i < TOTAL; i++)
        CHECK(got[i] == (unsigned char)(expected[i] + salt), "byte %d", i);
    check_beside(room, type);
}

static void
send(unsigned char *room, MPI_Datatype type, int to, int salt)
{
    int position = 0;
    for (int i = 0; i < TOTAL; i++)
        got[i] = (unsigned char)(expected[i] + salt);
    MPI_Unpack(got, TOTAL, &position, room + START, 1, type, MPI_COMM_SELF);
    MPI_Send(room + START, 1, type, to, 3, MPI_COMM_WORLD);
}

// Even ranks send to the next, which answers.
static void
exchange(unsigned char *out, unsigned char *in, int a, int b)
{
    int rank = world_rank(), peer = rank ^ 1;
    for (int i = 0; i < OFTEN && peer < world_size(); i++) {
        if (rank & 1) {
            receive(in, types[b], peer, i);
            send(out, types[b], peer, 2 * i);
        } else {
            send(out, types[a], peer, i);
            receive(in, types[a], peer, 2 * i);
        }
    }
}

// The buffer is the sender's again after the wait, whatever it has been told; a receive that nobody
// sends to any more is ended by a message of its own.
static void
take_back(unsigned char *out, unsigned char *in, int a, int b)
{
    int rank = world_rank(), peer = rank ^ 1, cancelled;
    MPI_Status status;
    MPI_Request request;
    if (peer >= world_size())
        return;
    if (rank & 1) {
        receive(in, types[b], peer, 0);
        return;
    }
    int position = 0;
    MPI_Unpack(expected, TOTAL, &position, out + START, 1, types[a], MPI_COMM_SELF);
    MPI_Isend(out + START, 1, types[a], peer, 3, MPI_COMM_WORLD, &request);
    MPI_Cancel(&request);
    MPI_Wait(&request, &status);
    MPI_Test_cancelled(&status, &cancelled);
    memset(out, 0xee, ROOM);
    if (cancelled)
        send(out, types[a], peer, 0);
}

static void
all_pairs(unsigned char *rooms[4], int places_of_each)
{
    for (int a = 0; a < TYPES; a++)
        for (int b = 0; b < TYPES; b++)
            for (int where = 0; where < places_of_each; where++) {
                int mine = world_rank() & 1 ? where >> 1 : where & 1;
                exchange(rooms[2 * mine], rooms[2 * mine + 1], a, b);
                take_back(rooms[2 * mine], rooms[2 * mine + 1], a, b);
            }
}

int
main(int argc, char **argv)
{
    unsigned char *rooms[4];
    MPI_Init(&argc, &argv);
    make_types();
    expected = malloc(TOTAL);
    got = malloc(TOTAL);
    clean = malloc(ROOM);
    memset(clean, 0x5a, ROOM);
    for (int i = 0; i < TOTAL; i++)
        expected[i] = (unsigned char)(i * 11 + i / 251);
    for (int i = 0; i < 4; i++) {
        if (i < 2)
            rooms[i] = malloc(ROOM);
        else
            MPI_Alloc_mem(ROOM, MPI_INFO_NULL, &rooms[i]);
    }
    all_pairs(rooms, 4);
    if (world_rank() % 4 == 0 || world_rank() % 4 == 3)
        refuse(); // one of each pair
    all_pairs(rooms, 1);
    MPI_Finalize();
    return 0;
}
