// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/layout.h"

#include "base/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT 7
#define ROOM  8192

// {short; 2 bytes free; int}
static const struct layout_loop short_int_loops[] = {
    {.count = 1, .length = 2},
    {.offset = 4, .count = 1, .length = 4, .at = 2},
};
static struct type_info short_int = {2, short_int_loops};
// one piece, and room after it
static const struct layout_loop double_int_loops[] = {{.count = 1, .length = 12}};
static struct type_info double_int = {1, double_int_loops};
// 5 blocks of 3 bytes, 10 apart, then 2 of 1 byte going backwards
static const struct layout_loop vector_loops[] = {
    {.offset = 1, .stride = 10, .count = 5, .length = 3},
    {.offset = 60, .stride = -2, .count = 2, .length = 1, .at = 15},
};
static struct type_info vector = {2, vector_loops};
// 3 rows, 80 apart, of the two of short_int each, 20 apart
static const struct layout_loop row_loops[] = {
    {.offset = 2, .stride = 20, .count = 2, .length = 6, .body = &short_int},
};
static struct type_info row = {1, row_loops};
static const struct layout_loop rows_loops[] = {
    {.stride = 80, .count = 3, .length = 12, .body = &row},
};
static struct type_info rows = {1, rows_loops};

static const struct layout_case {
    const char *name;
    struct type type;
} cases[] = {
    {"contiguous", {.contiguous = true, .size = 8, .extent = 8}},
    {"contiguous, shifted", {.contiguous = true, .size = 8, .extent = 8, .true_lb = 16}},
    {"short and int", {.size = 6, .extent = 8, .info = &short_int}},
    {"double and int", {.size = 12, .extent = 16, .info = &double_int}},
    {"vector", {.size = 17, .extent = 70, .info = &vector}},
    {"rows", {.size = 36, .extent = 260, .info = &rows}},
};

// The offsets of all bytes of the stream, by the definition, one at a time.
static size_t
list_offsets(const struct type_info *info, size_t base, size_t *out)
{
    size_t n = 0;
    for (uint32_t l = 0; l < info->nloops; l++) {
        const struct layout_loop *loop = &info->loops[l];
        CHECK(loop->at == n);
        for (uint64_t i = 0; i < loop->count; i++) {
            size_t block = (size_t)((MPI_Count)base + loop->offset + (MPI_Count)i * loop->stride);
            if (loop->body)
                n += list_offsets(loop->body, block, out + n);
            for (size_t b = 0; !loop->body && b < loop->length; b++)
                out[n++] = block + b;
        }
    }
    return n;
}

static size_t
type_offsets(const struct type *type, size_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNT; i++) {
        size_t base = i * (size_t)type->extent;
        if (type->info)
            n += list_offsets(type->info, base, out + n);
        for (size_t b = 0; !type->info && b < (size_t)type->size; b++)
            out[n++] = base + (size_t)type->true_lb + b;
    }
    return n;
}

static void
every_part_of_the_stream(const struct layout_case *c)
{
    static size_t at[ROOM];
    static unsigned char user[ROOM], packed[ROOM], back[ROOM];
    size_t total = type_offsets(&c->type, at);
    CHECK(total == COUNT * (size_t)c->type.size);
    for (size_t i = 0; i < ROOM; i++)
        user[i] = (unsigned char)(i * 7 + i / 256);
    for (size_t pos = 0; pos <= total; pos++) {
        for (size_t n = 0; n <= total - pos; n += 1 + n / 9) {
            layout_pack(&c->type, user, COUNT, pos, packed, n);
            for (size_t i = 0; i < n; i++)
                CHECK(packed[i] == user[at[pos + i]]);
            memset(back, 0xee, ROOM);
            layout_unpack(&c->type, back, COUNT, pos, packed, n);
            for (size_t i = 0; i < n; i++) {
                CHECK(back[at[pos + i]] == packed[i]);
                back[at[pos + i]] = 0xee;
            }
            for (size_t i = 0; i < ROOM; i++) // nothing else is touched
                CHECK(back[i] == 0xee);
        }
    }
}

int
main(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        printf("%s\n", cases[i].name);
        every_part_of_the_stream(&cases[i]);
    }
    return 0;
}
