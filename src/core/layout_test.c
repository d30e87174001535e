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
static const struct layout_run short_int_runs[] = {{0, 0}, {4, 2}, {0, 6}};
static struct type_info short_int = {
    .form = LAYOUT_RUNS, .size = 6, .count = 2, .length = 1, .runs = short_int_runs};
// one piece, and room after it
static struct type_info double_int = {.size = 12, .count = 1, .length = 12};
// 5 blocks of 3 bytes, 10 apart
static struct type_info vector = {.size = 15, .offset = 1, .stride = 10, .count = 5, .length = 3};
// 2 of 1 byte going backwards
static struct type_info backwards = {
    .size = 2, .offset = 60, .stride = -2, .count = 2, .length = 1};
static const struct layout_part both_parts[] = {
    {0, 0, &vector}, {0, 15, &backwards}, {0, 17, NULL}};
static struct type_info both = {.form = LAYOUT_PARTS, .size = 17, .count = 2, .parts = both_parts};
// 3 rows, 80 apart, of 2 of short_int each, 20 apart
static struct type_info row = {
    .size = 12, .offset = 2, .stride = 20, .count = 2, .length = 6, .body = &short_int};
static struct type_info rows = {.size = 36, .stride = 80, .count = 3, .length = 12, .body = &row};
// pieces of 8 bytes here and there
static const MPI_Count offsets[] = {96, 0, 40, 16};
static const uint32_t near_offsets[] = {96, 0, 40, 16};
static struct type_info pieces = {.form = LAYOUT_OFFSETS,
                                  .size = 32,
                                  .offset = 3,
                                  .count = 4,
                                  .length = 8,
                                  .offsets = {.far = offsets}};
// every second 8 bytes, and 24 of 40
static struct type_info seconds = {.size = 32, .stride = 16, .count = 4, .length = 8};
static struct type_info thirds = {.size = 96, .stride = 40, .count = 4, .length = 24};
// the same of short_int
static struct type_info blocks = {.form = LAYOUT_OFFSETS,
                                  .size = 24,
                                  .count = 4,
                                  .length = 6,
                                  .body = &short_int,
                                  .offsets = {.far = offsets}};
// both at offsets of 4 bytes
static struct type_info near_pieces = {
    .form = LAYOUT_OFFSETS, .size = 32, .count = 4, .length = 8, .offsets = {.near = near_offsets}};
static struct type_info near_blocks = {.form = LAYOUT_OFFSETS,
                                       .size = 24,
                                       .count = 4,
                                       .length = 6,
                                       .body = &short_int,
                                       .offsets = {.near = near_offsets}};
// 3, 1 and 2 of short_int, 8 bytes apart
static const struct layout_run runs_of[] = {{8, 0}, {64, 18}, {40, 24}, {0, 36}};
static struct type_info runs = {.form = LAYOUT_RUNS,
                                .size = 36,
                                .stride = 8,
                                .count = 3,
                                .length = 6,
                                .body = &short_int,
                                .runs = runs_of};

static const struct layout_case {
    const char *name;
    struct type type;
} cases[] = {
    {"contiguous", {.contiguous = true, .size = 8, .extent = 8}},
    {"contiguous, shifted", {.contiguous = true, .size = 8, .extent = 8, .true_lb = 16}},
    {"short and int", {.size = 6, .extent = 8, .info = &short_int}},
    {"double and int", {.size = 12, .extent = 16, .info = &double_int}},
    {"vector", {.size = 15, .extent = 70, .info = &vector}},
    {"vector that goes on", {.size = 15, .extent = 50, .info = &vector}},
    {"two vectors", {.size = 17, .extent = 70, .info = &both}},
    {"rows", {.size = 36, .extent = 260, .info = &rows}},
    {"pieces at offsets", {.size = 32, .extent = 128, .info = &pieces}},
    {"every second", {.size = 32, .extent = 64, .info = &seconds}},
    {"three of five", {.size = 96, .extent = 160, .info = &thirds}},
    {"blocks at offsets", {.size = 24, .extent = 128, .info = &blocks}},
    {"pieces at near offsets", {.size = 32, .extent = 128, .info = &near_pieces}},
    {"blocks at near offsets", {.size = 24, .extent = 128, .info = &near_blocks}},
    {"runs of blocks", {.size = 36, .extent = 128, .info = &runs}},
};
#define CASES (sizeof cases / sizeof *cases)

// The offsets of all bytes of the stream, by the definition, one at a time.
static size_t node_offsets(const struct type_info *info, MPI_Count base, size_t *out);

static size_t
block_offsets(const struct type_info *info, MPI_Count base, size_t *out)
{
    if (info->body)
        return node_offsets(info->body, base, out);
    for (size_t b = 0; b < info->length; b++)
        out[b] = (size_t)base + b;
    return info->length;
}

static size_t
node_offsets(const struct type_info *info, MPI_Count base, size_t *out)
{
    size_t n = 0;
    base += info->offset;
    for (uint64_t i = 0; i < info->count; i++) {
        if (info->form == LAYOUT_LOOP)
            n += block_offsets(info, base + (MPI_Count)i * info->stride, out + n);
        else if (info->form == LAYOUT_OFFSETS)
            n += block_offsets(info, base + offset_at(info->offsets, i), out + n);
        else if (info->form == LAYOUT_PARTS)
            n += node_offsets(info->parts[i].body, base + info->parts[i].offset, out + n);
        for (uint64_t b = 0; info->form == LAYOUT_RUNS && n < info->runs[i + 1].at; b++) {
            MPI_Count step = info->body ? info->stride : 1;
            n += block_offsets(info, base + info->runs[i].offset + (MPI_Count)b * step, out + n);
        }
    }
    CHECK(n == info->size);
    return n;
}

static size_t
type_offsets(const struct type *type, size_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < COUNT; i++) {
        size_t base = i * (size_t)type->extent;
        if (type->info)
            n += node_offsets(type->info, (MPI_Count)base, out + n);
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

// From one layout to another, as far as both reach: what lies where one byte of the stream is goes
// to where the other has it.
static void
every_part_of_both(const struct layout_case *a, const struct layout_case *b)
{
    static size_t at_a[ROOM], at_b[ROOM];
    static unsigned char from[ROOM], to[ROOM];
    size_t total = min_size(type_offsets(&a->type, at_a), type_offsets(&b->type, at_b));
    for (size_t i = 0; i < ROOM; i++)
        from[i] = (unsigned char)(i * 11 + i / 256);
    for (size_t pos = 0; pos <= total; pos += 1 + pos / 5) {
        for (size_t n = 0; n <= total - pos; n += 1 + n / 3) {
            memset(to, 0xee, ROOM);
            layout_copy(&(struct layout_side){&a->type, from, COUNT},
                        &(struct layout_side){&b->type, to, COUNT}, pos, n);
            for (size_t i = pos; i < pos + n; i++) {
                CHECK(to[at_b[i]] == from[at_a[i]]);
                to[at_b[i]] = 0xee;
            }
            for (size_t i = 0; i < ROOM; i++)
                CHECK(to[i] == 0xee);
        }
    }
}

int
main(void)
{
    for (size_t i = 0; i < CASES; i++) {
        printf("%s\n", cases[i].name);
        every_part_of_the_stream(&cases[i]);
        for (size_t j = 0; j < CASES; j++)
            every_part_of_both(&cases[i], &cases[j]);
    }
    return 0;
}
