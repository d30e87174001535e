// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The representation external32 (MPI 5.0, 14.5.2): the bytes of each predefined type, and of
 * random datatypes what the entries of their type maps are, one by one. */
#include "type_map.h"

#include <complex.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <wchar.h>

static const char rep[] = "external32";

static void
check_bytes(MPI_Datatype type, const void *value, const char *bytes, int n)
{
    char room[64], back[64], native[64] = {0};
    MPI_Aint size = -1, at = 0;
    MPI_Count wide = 0;
    int length;
    char name[MPI_MAX_OBJECT_NAME];
    MPI_Type_get_name(type, name, &length);
    MPI_Type_size(type, &length);
    MPI_Pack_external_size(rep, 1, type, &size);
    CHECK(size == n, "%s: %ld, not %d", name, (long)size, n);
    MPI_Pack_external(rep, value, 1, type, room, sizeof room, &at);
    CHECK(at == n, "%s: %ld", name, (long)at);
    for (int i = 0; i < n; i++)
        CHECK(room[i] == bytes[i], "%s: byte %d is %d, not %d", name, i, room[i], bytes[i]);
    memset(back, 0, sizeof back);
    MPI_Unpack_external_c(rep, room, n, &wide, back, 1, type);
    CHECK(wide == n, "%s: %lld", name, (long long)wide);
    at = 0;
    MPI_Pack_external(rep, back, 1, type, native, sizeof native, &at);
    CHECK(memcmp(room, native, (size_t)n) == 0, "%s: not the same again", name);
}

#define BYTES(type, ctype, value, bytes)                                                           \
    check_bytes(type, &(ctype){value}, bytes, sizeof(bytes) - 1)

static void
predefined(void)
{
    BYTES(MPI_INT, int, 0x01020304, "\1\2\3\4");
    BYTES(MPI_INT, int, -2, "\xff\xff\xff\xfe");
    BYTES(MPI_SHORT, short, 0x0102, "\1\2");
    BYTES(MPI_CHAR, char, 'x', "x");
    BYTES(MPI_BYTE, char, 7, "\7");
    BYTES(MPI_PACKED, char, 7, "\7");
    BYTES(MPI_LONG, long, -3, "\xff\xff\xff\xfd");
    BYTES(MPI_LONG, long, 0x7fffffff, "\x7f\xff\xff\xff");
    BYTES(MPI_UNSIGNED_LONG, unsigned long, 0xfffffffe, "\xff\xff\xff\xfe");
    BYTES(MPI_LONG_LONG, long long, -3, "\xff\xff\xff\xff\xff\xff\xff\xfd");
    BYTES(MPI_AINT, MPI_Aint, 5, "\0\0\0\0\0\0\0\5");
    BYTES(MPI_COUNT, MPI_Count, 5, "\0\0\0\0\0\0\0\5");
    BYTES(MPI_INT64_T, int64_t, 5, "\0\0\0\0\0\0\0\5");
    BYTES(MPI_C_BOOL, _Bool, 1, "\1");
    BYTES(MPI_WCHAR, wchar_t, 0x20ac, "\x20\xac");
    BYTES(MPI_FLOAT, float, 1.5f, "\x3f\xc0\0\0");
    BYTES(MPI_DOUBLE, double, -2.0, "\xc0\0\0\0\0\0\0\0");
    BYTES(MPI_C_COMPLEX, float complex, 1.0f + 2.0f * I, "\x3f\x80\0\0\x40\0\0\0");
    BYTES(MPI_LOGICAL, int, 1, "\0\0\0\1");
    struct {
        double value;
        int index;
    } pair = {1.0, 3};
    check_bytes(MPI_DOUBLE_INT, &pair, "\x3f\xf0\0\0\0\0\0\0\0\0\0\3", 12);
    int two[] = {1, 2};
    check_bytes(MPI_2INT, two, "\0\0\0\1\0\0\0\2", 8);
    struct {
        long value;
        int index;
    } longs = {-1, 3};
    check_bytes(MPI_LONG_INT, &longs, "\xff\xff\xff\xff\0\0\0\3", 8);
}

static void
long_doubles(void)
{
    static const struct {
        long double value;
        const char *bytes; // the first; zeros follow
    } rows[] = {
        {1.0L, "\x3f\xff\0\0\0\0\0\0\0\0"},
        {-2.5L, "\xc0\0\x40\0\0\0\0\0\0\0"},
        {0.0L, "\0\0\0\0\0\0\0\0\0\0"},
        {INFINITY, "\x7f\xff\0\0\0\0\0\0\0\0"},
        {1.0L + LDBL_EPSILON, NULL},
        {LDBL_MAX, NULL},
        {LDBL_MIN, NULL},
        {-LDBL_MIN / 8, NULL},
        {0.1L, NULL},
    };
    char room[16];
    long double back;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        MPI_Aint out = 0, in = 0;
        MPI_Pack_external(rep, &rows[i].value, 1, MPI_LONG_DOUBLE, room, 16, &out);
        MPI_Unpack_external(rep, room, 16, &in, &back, 1, MPI_LONG_DOUBLE);
        CHECK(out == 16 && in == 16, "%ld %ld", (long)out, (long)in);
        CHECK(back == rows[i].value, "%Lg, not %Lg", back, rows[i].value);
        CHECK(!rows[i].bytes || memcmp(room, rows[i].bytes, 10) == 0, "%Lg", rows[i].value);
    }
    long double nan_value = NAN;
    MPI_Aint out = 0, in = 0;
    MPI_Pack_external(rep, &nan_value, 1, MPI_LONG_DOUBLE, room, 16, &out);
    MPI_Unpack_external(rep, room, 16, &in, &back, 1, MPI_LONG_DOUBLE);
    CHECK(isnan(back), "%Lg", back);
}

#if LDBL_MANT_DIG == 64
// More digits than there are here: to the nearest, and up to the next power of two.
static void
rounded(void)
{
    char room[16] = {0x3f, (char)0xff};
    long double back;
    MPI_Aint at = 0;
    memset(room + 2, 0xff, 14);
    MPI_Unpack_external(rep, room, 16, &at, &back, 1, MPI_LONG_DOUBLE);
    CHECK(back == 2.0L, "%.25Lg", back);
    memset(room + 2, 0, 14);
    room[9] = 3; // the last digit that there is, and half of it
    at = 0;
    MPI_Unpack_external(rep, room, 16, &at, &back, 1, MPI_LONG_DOUBLE);
    CHECK(back == 1.0L + 2 * LDBL_EPSILON, "%.25Lg", back);
}
#endif

/* ---- random types ---- */

static char *expected;

// The stream with each entry's bytes turned around.
static void
expect(const struct map *map, int count, char *buffer)
{
    char *to = expected;
    for (int k = 0; k < count; k++)
        for (int i = 0; i < map->n; i++) {
            const struct entry *e = &map->entries[i];
            const char *from = buffer + e->at + k * (map->ub - map->lb);
            for (int b = 0; b < e->size; b++)
                *to++ = from[e->size - 1 - b];
        }
}

static void
check_random(const struct map *map, int count)
{
    char *buffer, *room;
    long bytes, size = map_size(map) * count;
    MPI_Aint told, at = 0;
    char *packed = malloc((size_t)size + 1);
    expected = malloc((size_t)size + 1);
    room = map_room(map, count, &buffer, &bytes);
    map_each(map, count, buffer, map_put_number, NULL);
    expect(map, count, buffer);
    MPI_Pack_external_size(rep, count, map->type, &told);
    CHECK(told == size, "%ld %ld", (long)told, size);
    MPI_Pack_external(rep, buffer, count, map->type, packed, size, &at);
    CHECK(at == size && memcmp(packed, expected, (size_t)size) == 0, "%ld %ld", (long)at, size);
    if (!map_overlaps(map, count)) {
        memset(room, 0x5a, (size_t)bytes);
        at = 0;
        MPI_Unpack_external(rep, packed, size, &at, buffer, count, map->type);
        expect(map, count, buffer);
        CHECK(memcmp(packed, expected, (size_t)size) == 0, "%ld", size);
    }
    free(room);
    free(packed);
    free(expected);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    predefined();
    long_doubles();
#if LDBL_MANT_DIG == 64
    rounded();
#endif
    for (unsigned long seed = 1; seed <= 600; seed++) {
        random_state = seed * 104729 + (unsigned long)world_rank();
        struct map map = map_random(random_in(1, 6), false);
        MPI_Type_commit(&map.type);
        check_random(&map, 1);
        check_random(&map, 20);
        map_end(&map);
    }
    MPI_Finalize();
    return 0;
}
