// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/chart.h"

#include "base/unit.h"

#include <stdlib.h>
#include <string.h>

static const uint32_t near[] = {0, 40, 16};
static const MPI_Count far[] = {96, 0, -40, 16};
static const struct layout_run list[] = {{8, 0}, {64, 3}, {40, 4}, {0, 6}};
static struct type_info offsets = {
    .form = LAYOUT_OFFSETS, .size = 24, .count = 3, .length = 8, .offsets = {.near = near}};
static struct type_info far_offsets = {
    .form = LAYOUT_OFFSETS, .size = 32, .count = 4, .length = 8, .offsets = {.far = far}};
static struct type_info runs = {
    .form = LAYOUT_RUNS, .size = 6, .stride = 1, .count = 3, .length = 1, .runs = list};
static struct type_info rows = {
    .size = 24u * 1000000, .stride = 200, .count = 1000000, .length = 24, .body = &offsets};
static const struct layout_part parts[] = {
    {0, 0, &rows}, {-7, 24000000, &runs}, {12, 24000006, &rows}, {0, 48000006, NULL}};
static struct type_info all = {
    .form = LAYOUT_PARTS, .size = 48000006, .offset = 100, .count = 3, .parts = parts};

static bool
same_node(const struct type_info *a, const struct type_info *b)
{
    return a->form == b->form && a->size == b->size && a->count == b->count &&
           a->offset == b->offset && a->stride == b->stride && a->length == b->length &&
           !a->body == !b->body;
}

static bool
same_tree(const struct type_info *a, const struct type_info *b)
{
    bool same = same_node(a, b) && (!a->body || same_tree(a->body, b->body));
    for (uint64_t i = 0; same && i < a->count && a->form != LAYOUT_LOOP; i++) {
        if (a->form == LAYOUT_OFFSETS)
            same = offset_at(a->offsets, i) == offset_at(b->offsets, i);
        else if (a->form == LAYOUT_RUNS)
            same = a->runs[i].offset == b->runs[i].offset && a->runs[i + 1].at == b->runs[i + 1].at;
        else
            same = a->parts[i].offset == b->parts[i].offset && a->parts[i].at == b->parts[i].at &&
                   same_tree(a->parts[i].body, b->parts[i].body);
    }
    return same;
}

static void
is_the_same_again(const char *name, const struct type_info *tree)
{
    size_t size = chart_size(tree, 4096);
    CHECK(size, "%s", name);
    CHECK(chart_size(tree, size + 1) == size, "%s: %zu bytes", name, size);
    CHECK(!chart_size(tree, size), "%s: it is in less than %zu bytes", name, size);
    void *chart = malloc(size);
    chart_draw(tree, chart);
    struct type_info *again = chart_read(chart);
    memset(chart, 0xff, size);
    CHECK(same_tree(tree, again), "%s", name);
    free(chart);
    chart_end(again);
}

int
main(void)
{
    static const struct {
        const char *name;
        const struct type_info *tree;
    } cases[] = {{"near offsets", &offsets},
                 {"far offsets", &far_offsets},
                 {"runs", &runs},
                 {"rows of offsets", &rows},
                 {"parts", &all}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        is_the_same_again(cases[i].name, cases[i].tree);
    return 0;
}
