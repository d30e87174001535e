// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/chart.h"

#include <stdlib.h>
#include <string.h>

// At the start of the block.
struct chart {
    uint64_t size; // of all of it
};

static size_t
list_bytes(const struct type_info *info)
{
    size_t bytes = 0;
    if (info->form == LAYOUT_OFFSETS)
        bytes = info->count * (info->offsets.near ? sizeof(uint32_t) : sizeof(MPI_Count));
    else if (info->form == LAYOUT_RUNS)
        bytes = (info->count + 1) * sizeof(struct layout_run);
    else if (info->form == LAYOUT_PARTS)
        bytes = (info->count + 1) * sizeof(struct layout_part);
    return bytes;
}

static size_t
with_list(const struct type_info *info)
{
    return sizeof *info + align_up(list_bytes(info), 8);
}

static const void *
list_of(const struct type_info *info)
{
    if (info->form == LAYOUT_OFFSETS)
        return info->offsets.near ? (const void *)info->offsets.near : info->offsets.far;
    return info->form == LAYOUT_RUNS ? (const void *)info->runs : info->parts;
}

/* ---- drawing ---- */

// What is left of `most` after the node and all below it; 0: it is too much.
static size_t
room_after(const struct type_info *info, size_t most)
{
    if ((info->form != LAYOUT_LOOP && info->count > most) || with_list(info) >= most)
        return 0;
    most -= with_list(info);
    if (info->body)
        return room_after(info->body, most);
    for (uint64_t i = 0; info->form == LAYOUT_PARTS && i < info->count && most; i++)
        most = room_after(info->parts[i].body, most);
    return most;
}

size_t
chart_size(const struct type_info *root, size_t most)
{
    size_t head = sizeof(struct chart), left = most > head ? room_after(root, most - head) : 0;
    return left ? most - left : 0;
}

// Distances stand where pointers do.
static void *
distance(size_t at)
{
    return (void *)(uintptr_t)at;
}

static void
point_list(struct type_info *node, void *at)
{
    if (node->form == LAYOUT_OFFSETS && node->offsets.near)
        node->offsets.near = at;
    else if (node->form == LAYOUT_OFFSETS)
        node->offsets.far = at;
    else if (node->form == LAYOUT_RUNS)
        node->runs = at;
    else if (node->form == LAYOUT_PARTS)
        node->parts = at;
}

// Draws a node at byte `at`, and all below behind it; where that ends.
static size_t
draw(const struct type_info *info, char *to, size_t at)
{
    struct type_info *node = (struct type_info *)(to + at);
    size_t list = at + sizeof *node, end = at + with_list(info);
    *node = *info;
    node->refs = 0;
    if (end > list)
        memcpy(to + list, list_of(info), list_bytes(info));
    point_list(node, distance(list));
    if (info->body) {
        node->body = distance(end);
        return draw(info->body, to, end);
    }
    struct layout_part *parts = (struct layout_part *)(to + list);
    for (uint64_t i = 0; info->form == LAYOUT_PARTS && i < info->count; i++) {
        parts[i].body = distance(end);
        end = draw(info->parts[i].body, to, end);
    }
    return end;
}

void
chart_draw(const struct type_info *root, void *to)
{
    struct chart *chart = to;
    chart->size = draw(root, to, sizeof *chart);
}

/* ---- reading ---- */

static void
find_pointers(char *base, size_t at)
{
    struct type_info *node = (struct type_info *)(base + at);
    char *list = base + at + sizeof *node;
    point_list(node, list);
    if (node->body) {
        size_t body = (uintptr_t)node->body;
        node->body = (struct type_info *)(base + body);
        find_pointers(base, body);
    }
    struct layout_part *parts = (struct layout_part *)list;
    for (uint64_t i = 0; node->form == LAYOUT_PARTS && i < node->count; i++) {
        size_t body = (uintptr_t)parts[i].body;
        parts[i].body = (struct type_info *)(base + body);
        find_pointers(base, body);
    }
}

struct type_info *
chart_read(const void *from)
{
    const struct chart *chart = from;
    char *block = malloc(chart->size);
    if (!block)
        return NULL;
    memcpy(block, from, chart->size);
    find_pointers(block, sizeof *chart);
    return (struct type_info *)(block + sizeof *chart);
}

void
chart_end(struct type_info *root)
{
    if (root)
        free((char *)root - sizeof(struct chart));
}
