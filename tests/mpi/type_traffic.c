// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Messages and collectives between random layouts of one signature: what is sent with one datatype
 * is received with another, packed, or packed by hand. Every byte is compared with what the type
 * maps say, those between the data too. */
#include "type_map.h"

#define MOST 60000 // integers in a message

// One side of a message: so many elements of a type.
struct side {
    struct map map;
    int count;
    char *room, *buffer;
    long bytes;
};

static int rank, size;

static void
put_number(char *byte, long number, void *more)
{
    *byte = (char)(number * 7 + number / 251 + *(int *)more);
}

static void
check_number(char *byte, long number, void *more)
{
    char expected = (char)(number * 7 + number / 251 + *(int *)more);
    CHECK(*byte == expected, "byte %ld is %d, not %d", number, *byte, expected);
    *byte = 0x5a;
}

static void
side_fill(struct side *s, int salt)
{
    memset(s->room, 0x5a, (size_t)s->bytes);
    map_each(&s->map, s->count, s->buffer, put_number, &salt);
}

static void
side_clear(struct side *s)
{
    memset(s->room, 0x5a, (size_t)s->bytes);
}

static void
side_check(struct side *s, int salt)
{
    map_each(&s->map, s->count, s->buffer, check_number, &salt);
    for (long i = 0; i < s->bytes; i++)
        CHECK(s->room[i] == 0x5a, "byte %ld of %ld beside the data", i, s->bytes);
}

// Two types with data that can be received, of integers alone.
static struct map
side_map(void)
{
    for (;;) {
        struct map map = map_random(random_in(1, 6), true);
        if (map.n && !map_overlaps(&map, 3)) {
            MPI_Type_commit(&map.type);
            return map;
        }
        map_end(&map);
    }
}

static bool
sides_new(struct side sides[2])
{
    for (int i = 0; i < 2; i++)
        sides[i].map = side_map();
    int most = random_below(4) ? 300 : MOST, a = sides[0].map.n, b = sides[1].map.n, d = b;
    for (int rest = a; rest;) {
        int next = d % rest;
        d = rest;
        rest = next;
    }
    int times = most / (a / d * b);
    sides[0].count = times * (b / d);
    sides[1].count = times * (a / d);
    bool good = times > 0;
    for (int i = 0; i < 2 && good; i++)
        good = !map_overlaps(&sides[i].map, sides[i].count);
    for (int i = 0; i < 2; i++)
        sides[i].room = map_room(&sides[i].map, sides[i].count, &sides[i].buffer, &sides[i].bytes);
    return good;
}

static void
sides_end(struct side sides[2])
{
    for (int i = 0; i < 2; i++) {
        map_end(&sides[i].map);
        free(sides[i].room);
    }
}

static void
messages(struct side *from, struct side *to, int right, int left)
{
    MPI_Status status;
    MPI_Request request;
    int elements, n = from->map.n * from->count;
    side_fill(from, rank);
    side_clear(to);
    MPI_Sendrecv(from->buffer, from->count, from->map.type, right, 1, to->buffer, to->count,
                 to->map.type, left, 1, MPI_COMM_WORLD, &status);
    MPI_Get_elements(&status, to->map.type, &elements);
    CHECK(elements == n, "%d %d", elements, n);
    side_check(to, left);
    MPI_Isend(from->buffer, from->count, from->map.type, right, 2, MPI_COMM_WORLD, &request);
    MPI_Recv(to->buffer, to->count, to->map.type, left, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    side_check(to, left);
    MPI_Irecv(to->buffer, to->count, to->map.type, left, 3, MPI_COMM_WORLD, &request);
    MPI_Ssend(from->buffer, from->count, from->map.type, right, 3, MPI_COMM_WORLD);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    side_check(to, left);
}

static void
packed_messages(struct side *from, struct side *to, int right, int left)
{
    int room = from->map.n * from->count * 4, position = 0, back = 0;
    char *packed = malloc((size_t)room), *other = malloc((size_t)room);
    MPI_Pack(from->buffer, from->count, from->map.type, packed, room, &position, MPI_COMM_WORLD);
    MPI_Sendrecv(packed, position, MPI_PACKED, right, 4, to->buffer, to->count, to->map.type, left,
                 4, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    side_check(to, left);
    MPI_Sendrecv(from->buffer, from->count, from->map.type, right, 5, other, room, MPI_PACKED, left,
                 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Unpack(other, room, &back, to->buffer, to->count, to->map.type, MPI_COMM_WORLD);
    side_check(to, left);
    free(packed);
    free(other);
}

static void
broadcast(struct side *from, struct side *to, int root)
{
    struct side *mine = rank == root ? from : to;
    side_fill(from, 77);
    side_clear(to);
    MPI_Bcast(mine->buffer, mine->count, mine->map.type, root, MPI_COMM_WORLD);
    if (rank != root)
        side_check(to, 77);
}

// The blocks of all ranks lie one extent after the other.
static void
gather(struct side *from, struct side *to)
{
    struct side all = {.map = to->map, .count = to->count * size};
    long step = to->count * (to->map.ub - to->map.lb);
    if (!map_overlaps(&all.map, all.count)) {
        side_fill(from, rank);
        all.room = map_room(&all.map, all.count, &all.buffer, &all.bytes);
        MPI_Allgather(from->buffer, from->count, from->map.type, all.buffer, to->count,
                      to->map.type, MPI_COMM_WORLD);
        for (int i = 0; i < size; i++)
            map_each(&to->map, to->count, all.buffer + i * step, check_number, &i);
        for (long i = 0; i < all.bytes; i++)
            CHECK(all.room[i] == 0x5a, "byte %ld of %ld beside the data", i, all.bytes);
        free(all.room);
    }
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    for (unsigned long seed = 1; seed <= 150; seed++) {
        random_state = seed * 7919;
        struct side sides[2];
        if (sides_new(sides)) {
            messages(&sides[0], &sides[1], (rank + 1) % size, (rank + size - 1) % size);
            packed_messages(&sides[0], &sides[1], (rank + 1) % size, (rank + size - 1) % size);
            broadcast(&sides[0], &sides[1], (int)seed % size);
            gather(&sides[0], &sides[1]);
        }
        sides_end(sides);
    }
    MPI_Finalize();
    return 0;
}
