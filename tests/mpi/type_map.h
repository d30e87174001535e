// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Random datatypes, each with its type map written out entry by entry, as the standard defines it:
 * what the library does with the datatype is compared with what the map says.
 */
#ifndef TYPE_MAP_H
#define TYPE_MAP_H

#include "check.h"

#include <stdbool.h>
#include <string.h>

#define MAP_MOST 1500 // entries

struct entry {
    long at;
    int size;
};

struct map {
    MPI_Datatype type;
    int n;
    struct entry *entries;
    bool any, marked;
    long lb, ub;
    int alignment;
};

/* ---- random numbers, the same in all ranks ---- */

static unsigned long random_state = 1;

static inline int
random_below(int n)
{
    random_state = random_state * 6364136223846793005UL + 1442695040888963407UL;
    return (int)((random_state >> 33) % (unsigned long)n);
}

static inline int
random_in(int least, int most)
{
    return least + random_below(most - least + 1);
}

/* ---- maps ---- */

static inline void
map_end(struct map *map)
{
    bool named = map->n == 1 && !map->marked && map->type == MPI_DATATYPE_NULL;
    if (!named && map->type != MPI_DATATYPE_NULL) {
        int integers, addresses, types, combiner, err;
        MPI_Count counts[4];
        err = MPI_Type_get_envelope_c(map->type, &counts[0], &counts[1], &counts[2], &counts[3],
                                      &combiner);
        CHECK(!err, "%d", err);
        (void)integers, (void)addresses, (void)types;
        if (combiner != MPI_COMBINER_NAMED)
            MPI_Type_free(&map->type);
    }
    free(map->entries);
    map->entries = NULL;
}

// Another `old` at `at`.
static inline void
map_put(struct map *map, const struct map *old, long at)
{
    map->entries = realloc(map->entries, (size_t)(map->n + old->n + 1) * sizeof(struct entry));
    for (int i = 0; i < old->n; i++)
        map->entries[map->n++] = (struct entry){old->entries[i].at + at, old->entries[i].size};
    if (!old->n && !old->marked)
        return;
    if (old->alignment > map->alignment)
        map->alignment = old->alignment;
    if (map->marked && !old->marked)
        return;
    if (old->marked && !map->marked) {
        map->marked = true;
        map->any = false;
    }
    if (!map->any || old->lb + at < map->lb)
        map->lb = old->lb + at;
    if (!map->any || old->ub + at > map->ub)
        map->ub = old->ub + at;
    map->any = true;
}

static inline void
map_put_block(struct map *map, const struct map *old, long at, int n)
{
    for (int i = 0; i < n; i++)
        map_put(map, old, at + i * (old->ub - old->lb));
}

static inline struct map
map_of_basic(void)
{
    static const struct {
        MPI_Datatype type;
        int size;
    } basics[] = {{MPI_INT, 4}, {MPI_DOUBLE, 8}, {MPI_CHAR, 1}, {MPI_SHORT, 2}, {MPI_INT, 4}};
    int i = random_below(5);
    struct map map = {.type = basics[i].type,
                      .n = 1,
                      .any = true,
                      .ub = basics[i].size,
                      .alignment = basics[i].size};
    map.entries = malloc(sizeof(struct entry));
    map.entries[0] = (struct entry){0, basics[i].size};
    return map;
}

static inline struct map
map_of_int(void)
{
    struct map map = {.type = MPI_INT, .n = 1, .any = true, .ub = 4, .alignment = 4};
    map.entries = malloc(sizeof(struct entry));
    map.entries[0] = (struct entry){0, 4};
    return map;
}

/* ---- random constructors ---- */

#define BLOCKS 6
#define DIMS   3

static inline struct map
map_vector(struct map *old)
{
    struct map map = {.alignment = 1};
    int count = random_in(0, 5), length = random_in(0, 3), large = random_below(2);
    int bytes = random_below(2), stride = random_in(-4, 6);
    long extent = old->ub - old->lb, step = bytes ? stride * 4 : stride * extent;
    for (int i = 0; i < count; i++)
        map_put_block(&map, old, i * step, length);
    if (bytes && large)
        MPI_Type_create_hvector_c(count, length, step, old->type, &map.type);
    else if (bytes)
        MPI_Type_create_hvector(count, length, step, old->type, &map.type);
    else if (large)
        MPI_Type_vector_c(count, length, stride, old->type, &map.type);
    else
        MPI_Type_vector(count, length, stride, old->type, &map.type);
    return map;
}

static inline struct map
map_contiguous(struct map *old)
{
    struct map map = {.alignment = 1};
    int count = random_in(0, 6);
    map_put_block(&map, old, 0, count);
    if (random_below(2))
        MPI_Type_contiguous(count, old->type, &map.type);
    else
        MPI_Type_contiguous_c(count, old->type, &map.type);
    return map;
}

static inline struct map
map_indexed(struct map *old)
{
    struct map map = {.alignment = 1};
    int count = random_in(0, BLOCKS), large = random_below(2), bytes = random_below(2);
    int lengths[BLOCKS], displs[BLOCKS], same = random_below(2), one = random_in(0, 3), at = 0;
    MPI_Aint addresses[BLOCKS];
    MPI_Count wide[BLOCKS], wide_lengths[BLOCKS];
    long extent = old->ub - old->lb;
    for (int i = 0; i < count; i++) {
        lengths[i] = same ? one : random_in(0, 3);
        displs[i] = at + (random_below(3) ? random_in(-2, 5) : 0);
        at = displs[i] + lengths[i];
        addresses[i] = bytes ? displs[i] * 4 : displs[i] * extent;
        wide[i] = bytes ? addresses[i] : displs[i];
        wide_lengths[i] = lengths[i];
        map_put_block(&map, old, addresses[i], lengths[i]);
    }
    if (same && bytes && large)
        MPI_Type_create_hindexed_block_c(count, one, wide, old->type, &map.type);
    else if (same && bytes)
        MPI_Type_create_hindexed_block(count, one, addresses, old->type, &map.type);
    else if (same && large)
        MPI_Type_create_indexed_block_c(count, one, wide, old->type, &map.type);
    else if (same)
        MPI_Type_create_indexed_block(count, one, displs, old->type, &map.type);
    else if (bytes && large)
        MPI_Type_create_hindexed_c(count, wide_lengths, wide, old->type, &map.type);
    else if (bytes)
        MPI_Type_create_hindexed(count, lengths, addresses, old->type, &map.type);
    else if (large)
        MPI_Type_indexed_c(count, wide_lengths, wide, old->type, &map.type);
    else
        MPI_Type_indexed(count, lengths, displs, old->type, &map.type);
    return map;
}

// Of two old types in turn.
static inline struct map
map_struct(struct map *old, struct map *other)
{
    struct map map = {.alignment = 1};
    int count = random_in(0, BLOCKS), lengths[BLOCKS];
    MPI_Aint addresses[BLOCKS], at = random_in(-10, 10);
    MPI_Count wide[BLOCKS], wide_lengths[BLOCKS];
    MPI_Datatype types[BLOCKS];
    for (int i = 0; i < count; i++) {
        struct map *of = random_below(2) ? old : other;
        types[i] = of->type;
        wide_lengths[i] = lengths[i] = random_in(0, 2);
        wide[i] = addresses[i] = at;
        map_put_block(&map, of, at, lengths[i]);
        at += lengths[i] * (of->ub - of->lb) + (random_below(2) ? random_in(0, 9) : 0);
    }
    long extent = map.ub - map.lb, rest = extent % map.alignment;
    if (map.any && !map.marked && rest)
        map.ub += map.alignment - rest;
    if (random_below(2))
        MPI_Type_create_struct(count, lengths, addresses, types, &map.type);
    else
        MPI_Type_create_struct_c(count, wide_lengths, wide, types, &map.type);
    return map;
}

// By the definition: the elements in the order in which they lie in the array.
static inline struct map
map_subarray(struct map *old)
{
    struct map map = {.alignment = 1};
    int dims = random_in(1, DIMS), sizes[DIMS], subsizes[DIMS], starts[DIMS], all = 1, mine = 1;
    MPI_Count wide[3][DIMS];
    bool c = random_below(2);
    long extent = old->ub - old->lb;
    for (int d = 0; d < dims; d++) {
        wide[0][d] = sizes[d] = random_in(1, 4);
        wide[1][d] = subsizes[d] = random_in(1, sizes[d]);
        wide[2][d] = starts[d] = random_in(0, sizes[d] - subsizes[d]);
        all *= sizes[d];
        mine *= subsizes[d];
    }
    for (int i = 0; i < mine; i++) {
        long at = 0, step = 1;
        for (int k = 0, rest = i; k < dims; k++) {
            int d = c ? dims - 1 - k : k;
            at += (starts[d] + rest % subsizes[d]) * step;
            rest /= subsizes[d];
            step *= sizes[d];
        }
        map_put(&map, old, at * extent);
    }
    map.any = map.marked = true;
    map.lb = 0;
    map.ub = all * extent;
    int order = c ? MPI_ORDER_C : MPI_ORDER_FORTRAN;
    if (random_below(2))
        MPI_Type_create_subarray(dims, sizes, subsizes, starts, order, old->type, &map.type);
    else
        MPI_Type_create_subarray_c(dims, wide[0], wide[1], wide[2], order, old->type, &map.type);
    return map;
}

static inline struct map
map_darray(struct map *old)
{
    static const int kinds[] = {MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_CYCLIC, MPI_DISTRIBUTE_NONE};
    struct map map = {.alignment = 1};
    int dims = random_in(1, DIMS), sizes[DIMS], how[DIMS], args[DIMS], parts[DIMS], block[DIMS];
    int size = 1, all = 1, place[DIMS];
    MPI_Count wide[DIMS];
    bool c = random_below(2);
    long extent = old->ub - old->lb;
    for (int d = 0; d < dims; d++) {
        wide[d] = sizes[d] = random_in(1, 6);
        how[d] = kinds[random_below(3)];
        parts[d] = how[d] == MPI_DISTRIBUTE_NONE ? 1 : random_in(1, 3);
        args[d] = MPI_DISTRIBUTE_DFLT_DARG;
        block[d] = how[d] == MPI_DISTRIBUTE_CYCLIC ? 1 : (sizes[d] + parts[d] - 1) / parts[d];
        if (random_below(2) && how[d] != MPI_DISTRIBUTE_NONE)
            args[d] = block[d] = block[d] + random_below(3);
        size *= parts[d];
        all *= sizes[d];
    }
    int rank = random_below(size);
    for (int d = dims - 1, rest = rank; d >= 0; d--) {
        place[d] = rest % parts[d];
        rest /= parts[d];
    }
    for (int i = 0; i < all; i++) {
        bool mine = true;
        for (int k = 0, rest = i; k < dims; k++) {
            int d = c ? dims - 1 - k : k, at = rest % sizes[d];
            mine = mine && at / block[d] % parts[d] == place[d];
            rest /= sizes[d];
        }
        if (mine)
            map_put(&map, old, i * extent);
    }
    map.any = map.marked = true;
    map.lb = 0;
    map.ub = all * extent;
    int order = c ? MPI_ORDER_C : MPI_ORDER_FORTRAN;
    if (random_below(2))
        MPI_Type_create_darray(size, rank, dims, sizes, how, args, parts, order, old->type,
                               &map.type);
    else
        MPI_Type_create_darray_c(size, rank, dims, wide, how, args, parts, order, old->type,
                                 &map.type);
    return map;
}

static inline struct map
map_resized(struct map *old)
{
    struct map map = {.alignment = 1};
    long lb = random_in(-8, 8), extent = old->ub - old->lb + random_in(-4, 12);
    map_put(&map, old, 0);
    map.any = map.marked = true;
    map.lb = lb;
    map.ub = lb + extent;
    if (random_below(2))
        MPI_Type_create_resized(old->type, lb, extent, &map.type);
    else
        MPI_Type_create_resized_c(old->type, lb, extent, &map.type);
    return map;
}

static inline struct map
map_dup(struct map *old)
{
    struct map map = *old;
    map.entries = malloc((size_t)(old->n + 1) * sizeof(struct entry));
    if (old->n)
        memcpy(map.entries, old->entries, (size_t)old->n * sizeof(struct entry));
    MPI_Type_dup(old->type, &map.type);
    return map;
}

// A random type made of others, which are freed at once; not committed.
static inline struct map
map_random(int depth, bool ints)
{
    struct map old = ints ? map_of_int() : map_of_basic();
    for (; depth > 0; depth--) {
        struct map map, other = ints ? map_of_int() : map_of_basic();
        switch (random_below(9)) {
        case 0:
            map = map_contiguous(&old);
            break;
        case 1:
        case 2:
            map = map_vector(&old);
            break;
        case 3:
        case 4:
            map = map_indexed(&old);
            break;
        case 5:
            map = map_struct(&old, &other);
            break;
        case 6:
            map = random_below(2) ? map_subarray(&old) : map_darray(&old);
            break;
        case 7:
            map = map_resized(&old);
            break;
        default:
            map = map_dup(&old);
        }
        map_end(&other);
        if (map.n > MAP_MOST) {
            map_end(&map);
            break;
        }
        map_end(&old);
        old = map;
    }
    return old;
}

/* ---- what a map says ---- */

static inline long
map_size(const struct map *map)
{
    long size = 0;
    for (int i = 0; i < map->n; i++)
        size += map->entries[i].size;
    return size;
}

/* The bytes that `count` elements reach: the first and the end, from the buffer's address. */
static inline void
map_reach(const struct map *map, int count, long *first, long *end)
{
    *first = *end = 0;
    for (int k = 0; k<count; k += count> 1 ? count - 1 : 1)
        for (int i = 0; i < map->n; i++) {
            long at = map->entries[i].at + k * (map->ub - map->lb);
            *first = at < *first ? at : *first;
            *end = at + map->entries[i].size > *end ? at + map->entries[i].size : *end;
        }
}

/* Call `each` with the address of each byte of the stream, in order. */
static inline void
map_each(const struct map *map, int count, char *buffer,
         void (*each)(char *byte, long number, void *more), void *more)
{
    long number = 0;
    for (int k = 0; k < count; k++)
        for (int i = 0; i < map->n; i++)
            for (int b = 0; b < map->entries[i].size; b++)
                each(buffer + map->entries[i].at + k * (map->ub - map->lb) + b, number++, more);
}

/* Room for `count` elements, filled; *buffer is the address to give to MPI. */
static inline char *
map_room(const struct map *map, int count, char **buffer, long *bytes)
{
    long first, end;
    map_reach(map, count, &first, &end);
    *bytes = end - first + 64;
    char *room = malloc((size_t)*bytes);
    memset(room, 0x5a, (size_t)*bytes);
    *buffer = room + 32 - first;
    return room;
}

static inline void
map_put_number(char *byte, long number, void *more)
{
    (void)more;
    *byte = (char)(number * 7 + number / 251);
}

static inline void
map_count_byte(char *byte, long number, void *more)
{
    (void)number;
    if (*byte != 0x5a)
        *(bool *)more = true;
    *byte = 0;
}

/* Does any byte appear twice? Nothing can be received into such a type. */
static inline bool
map_overlaps(const struct map *map, int count)
{
    char *buffer;
    long bytes;
    bool twice = false;
    char *room = map_room(map, count, &buffer, &bytes);
    map_each(map, count, buffer, map_count_byte, &twice);
    free(room);
    return twice;
}

#endif
