// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * From the arguments of a constructor to a layout.
 *
 * While it is made, a layout is a struct shape: blocks in a loop, by value. What a loop cannot say
 * (lists, loops of loops) is a node that the shape has as its one block. A shape borrows its node;
 * the build holds all nodes that it made, until what is used of them has its own reference.
 */
#include "core/error.h"
#include "type/type.h"

#include <stdlib.h>
#include <string.h>

struct shape {
    MPI_Count offset, stride;
    uint64_t count, length; // count 0: no data
    struct type_info *body;
};

struct build {
    struct type_info **made;
    size_t count, room;
    bool failed; // no memory
};

/* ---- nodes ---- */

void
layout_hold(struct type_info *info)
{
    if (info && info->refs)
        info->refs++;
}

void
layout_release(struct type_info *info)
{
    if (!info || !info->refs || --info->refs)
        return;
    layout_release(info->body);
    for (uint64_t i = 0; info->form == LAYOUT_PARTS && i < info->count; i++)
        layout_release(info->parts[i].body);
    free(info);
}

static uint64_t
saturate(uint64_t a, uint64_t b)
{
    uint64_t n;
    return __builtin_mul_overflow(a, b, &n) || n > UINT32_MAX ? UINT32_MAX : n;
}

// A node of the build with `bytes` of room for its list behind it; NULL when the build has failed.
static struct type_info *
node_new(struct build *b, size_t bytes)
{
    if (b->count == b->room) {
        size_t room = b->room ? 2 * b->room : 16;
        struct type_info **made = realloc(b->made, room * sizeof(struct type_info *));
        if (!made) {
            b->failed = true;
            return NULL;
        }
        b->made = made;
        b->room = room;
    }
    struct type_info *node = calloc(1, sizeof *node + bytes);
    if (!node) {
        b->failed = true;
        return NULL;
    }
    node->refs = 1;
    b->made[b->count++] = node;
    return node;
}

static void
build_end(struct build *b)
{
    for (size_t i = b->count; i-- > 0;)
        layout_release(b->made[i]);
    free(b->made);
}

static struct shape
shape_piece(MPI_Count offset, MPI_Count length)
{
    return (struct shape){.offset = offset, .count = length != 0, .length = (uint64_t)length};
}

static struct shape
shape_of_node(struct type_info *node)
{
    if (!node)
        return (struct shape){.count = 0};
    if (node->form == LAYOUT_LOOP)
        return (struct shape){node->offset, node->stride, node->count, node->length, node->body};
    return (struct shape){.count = 1, .length = node->size, .body = node};
}

static uint64_t
shape_pieces(const struct shape *s)
{
    return saturate(s->count, s->body ? s->body->pieces : 1);
}

/* ---- bodies of few pieces, piece by piece ---- */

struct few {
    struct {
        MPI_Count offset;
        uint64_t length;
    } pieces[LAYOUT_SMALL];
    uint64_t count;
};

static void few_add_node(struct few *few, const struct type_info *node, MPI_Count at);

static void
few_add(struct few *few, MPI_Count at, uint64_t length)
{
    uint64_t n = few->count;
    if (n && few->pieces[n - 1].offset + (MPI_Count)few->pieces[n - 1].length == at) {
        few->pieces[n - 1].length += length;
        return;
    }
    few->pieces[n].offset = at;
    few->pieces[n].length = length;
    few->count++;
}

static void
few_add_blocks(struct few *few, const struct shape *s, MPI_Count at)
{
    at += s->offset;
    for (uint64_t i = 0; i < s->count; i++, at += s->stride) {
        if (s->body)
            few_add_node(few, s->body, at);
        else
            few_add(few, at, s->length);
    }
}

static void
few_add_run(struct few *few, const struct type_info *node, uint64_t i, MPI_Count at)
{
    uint64_t bytes = node->runs[i + 1].at - node->runs[i].at;
    struct shape run = {.stride = node->stride,
                        .length = node->length,
                        .count = bytes / node->length,
                        .body = node->body};
    if (node->body)
        few_add_blocks(few, &run, at + node->runs[i].offset);
    else
        few_add(few, at + node->runs[i].offset, bytes);
}

static void
few_add_node(struct few *few, const struct type_info *node, MPI_Count at)
{
    struct shape one = {.count = 1, .length = node->length, .body = node->body};
    if (node->form == LAYOUT_LOOP) {
        one = shape_of_node((struct type_info *)(uintptr_t)node);
        few_add_blocks(few, &one, at);
        return;
    }
    at += node->offset;
    for (uint64_t i = 0; i < node->count; i++) {
        if (node->form == LAYOUT_OFFSETS)
            few_add_blocks(few, &one, at + offset_at(node->offsets, i));
        else if (node->form == LAYOUT_RUNS)
            few_add_run(few, node, i, at);
        else
            few_add_node(few, node->parts[i].body, at + node->parts[i].offset);
    }
}

/* ---- lists and loops ---- */

static struct shape shape_repeat(struct build *b, struct shape s, MPI_Count n, MPI_Count stride);

// Runs of blocks, `extent` apart, of `size` bytes of data each, that grow while what is added
// follows. Of pieces: both 1.
struct runs {
    struct type_info *node;
    struct layout_run *list;
    size_t number; // of the node in the build
    MPI_Count extent, size;
    MPI_Count ends; // where a block would follow the last run
    uint64_t at;
};

static struct runs
runs_new(struct build *b, MPI_Count most, MPI_Count extent, MPI_Count size)
{
    struct runs r = {.extent = extent, .size = size, .number = b->count};
    r.node = node_new(b, ((size_t)most + 1) * sizeof(struct layout_run));
    if (r.node)
        r.list = (struct layout_run *)(r.node + 1);
    return r;
}

static void
runs_add(struct runs *r, MPI_Count at, MPI_Count n)
{
    if (!r->node || n == 0)
        return;
    if (!r->node->count || at != r->ends)
        r->list[r->node->count++] = (struct layout_run){at, r->at};
    r->at += (uint64_t)(n * r->size);
    r->ends = at + n * r->extent;
}

static bool
same_lengths(const struct runs *r)
{
    uint64_t n = r->node->count, first = r->list[1].at;
    for (uint64_t i = 1; i < n; i++)
        if (r->list[i + 1].at - r->list[i].at != first)
            return false;
    return true;
}

static bool
same_steps(const struct runs *r)
{
    uint64_t n = r->node->count;
    for (uint64_t i = 2; i < n; i++)
        if (r->list[i].offset - r->list[i - 1].offset != r->list[1].offset - r->list[0].offset)
            return false;
    return true;
}

static struct type_info *body_of(struct build *b, struct shape s);

// Give back what of the node's list is not used.
static struct type_info *
list_cut(struct build *b, struct runs *r, size_t bytes)
{
    struct type_info *node = r->node, *less = realloc(node, sizeof *node + bytes);
    if (less)
        node = b->made[r->number] = less;
    node->size = r->at;
    return node;
}

static struct shape
list_shape(struct type_info *node)
{
    return (struct shape){.count = 1, .length = node->size, .body = node};
}

// Where the first run in memory begins; false: some of them is too far from it for 4 bytes.
static bool
are_near(const struct runs *r, MPI_Count *least)
{
    MPI_Count low = r->list[0].offset, high = low, reach;
    for (uint64_t i = 1; i < r->node->count; i++) {
        MPI_Count at = r->list[i].offset;
        low = at < low ? at : low;
        high = at > high ? at : high;
    }
    *least = low;
    return !__builtin_sub_overflow(high, low, &reach) && reach <= UINT32_MAX;
}

// The list of runs becomes one of offsets where it stands: bytewise, because the types differ.
static size_t
offsets_fill(struct runs *r, bool near, MPI_Count least)
{
    char *list = (char *)r->list;
    for (uint64_t i = 0; i < r->node->count; i++) {
        MPI_Count offset = r->list[i].offset - (near ? least : 0);
        uint32_t less = (uint32_t)offset;
        if (near)
            memcpy(list + i * sizeof less, &less, sizeof less);
        else
            memcpy(list + i * sizeof offset, &offset, sizeof offset);
    }
    return r->node->count * (near ? sizeof(uint32_t) : sizeof(MPI_Count));
}

// Runs of one length are blocks at offsets.
static struct shape
offsets_shape(struct build *b, struct runs *r, struct shape each)
{
    MPI_Count least;
    bool near = are_near(r, &least);
    struct type_info *node = list_cut(b, r, offsets_fill(r, near, least));
    const void *list = node + 1;
    node->form = LAYOUT_OFFSETS;
    node->offsets = near ? (struct offsets){.near = list} : (struct offsets){.far = list};
    node->offset = near ? least : 0;
    node->length = each.count * each.length;
    node->pieces = saturate(node->count, shape_pieces(&each));
    if (each.count == 1 && !each.body) {
        node->offset += each.offset;
    } else {
        node->body = body_of(b, each);
        layout_hold(node->body);
    }
    return list_shape(node);
}

// Runs of this block.
static struct shape
runs_shape(struct build *b, struct runs *r, struct shape block)
{
    struct type_info *node = r->node;
    if (!node || !node->count)
        return (struct shape){.count = 0};
    r->list[node->count].at = r->at;
    if (same_lengths(r)) {
        MPI_Count n = (MPI_Count)(r->list[1].at) / r->size, first = r->list[0].offset;
        struct shape each = shape_repeat(b, block, n, r->extent);
        if (!same_steps(r))
            return offsets_shape(b, r, each);
        if (node->count > 1)
            each = shape_repeat(b, each, (MPI_Count)node->count, r->list[1].offset - first);
        each.offset += first;
        return each;
    }
    bool pieces = r->extent == 1 && r->size == 1;
    node->form = LAYOUT_RUNS;
    node->stride = r->extent;
    node->length = (uint64_t)r->size;
    node->pieces =
        pieces ? saturate(node->count, 1) : saturate(r->at / node->length, shape_pieces(&block));
    if (!pieces) {
        node->body = body_of(b, block);
        layout_hold(node->body);
    }
    node = list_cut(b, r, (node->count + 1) * sizeof *r->list);
    node->runs = (struct layout_run *)(node + 1);
    return list_shape(node);
}

static struct type_info *
loop_node(struct build *b, const struct shape *s)
{
    struct type_info *node = node_new(b, 0);
    if (!node)
        return NULL;
    node->form = LAYOUT_LOOP;
    node->size = s->count * s->length;
    node->pieces = shape_pieces(s);
    node->count = s->count;
    node->offset = s->offset;
    node->stride = s->stride;
    node->length = s->length;
    node->body = s->body;
    layout_hold(node->body);
    return node;
}

static struct shape
few_shape(struct build *b, const struct few *few)
{
    struct runs r = runs_new(b, (MPI_Count)few->count, 1, 1);
    for (uint64_t i = 0; i < few->count; i++)
        runs_add(&r, few->pieces[i].offset, (MPI_Count)few->pieces[i].length);
    return runs_shape(b, &r, shape_piece(0, 1));
}

static bool
is_plain(const struct shape *s)
{
    return !s->body || (s->count == 1 && !s->body->body && s->body->form != LAYOUT_PARTS);
}

// The node that says the same; of few pieces, one that lists them.
static struct type_info *
body_of(struct build *b, struct shape s)
{
    if (shape_pieces(&s) <= LAYOUT_SMALL && !is_plain(&s)) {
        struct few few = {.count = 0};
        few_add_blocks(&few, &s, 0);
        s = few_shape(b, &few);
    }
    if (s.count == 1 && s.body && s.offset == 0)
        return s.body;
    return loop_node(b, &s);
}

static struct shape
shape_repeat(struct build *b, struct shape s, MPI_Count n, MPI_Count stride)
{
    MPI_Count span;
    if (n == 0 || s.count == 0)
        return (struct shape){.count = 0};
    if (n == 1)
        return s;
    if (s.count == 1 && !s.body && stride == (MPI_Count)s.length) {
        s.length *= (uint64_t)n;
        return s;
    }
    if (s.count == 1) {
        s.count = (uint64_t)n;
        s.stride = stride;
        return s;
    }
    if (!__builtin_mul_overflow(s.stride, (MPI_Count)s.count, &span) && span == stride) {
        s.count *= (uint64_t)n;
        return s;
    }
    struct shape loop = {
        .offset = s.offset, .stride = stride, .count = (uint64_t)n, .length = s.count * s.length};
    s.offset = 0;
    loop.body = body_of(b, s);
    return loop;
}

/* ---- different things, one after the other ---- */

static bool
is_piece(const struct shape *s)
{
    return s->count == 1 && !s->body;
}

// Put shapes [0, n), which are pieces, into one.
static struct shape
join_pieces(struct build *b, const struct shape *list, size_t n)
{
    struct runs r = runs_new(b, (MPI_Count)n, 1, 1);
    for (size_t i = 0; i < n; i++)
        runs_add(&r, list[i].offset, (MPI_Count)list[i].length);
    return runs_shape(b, &r, shape_piece(0, 1));
}

// Drop what has no data, and join pieces; how many are left at the front of the list.
static size_t
shorten(struct build *b, struct shape *list, size_t n)
{
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (list[i].count)
            list[left++] = list[i];
    n = left;
    left = 0;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && is_piece(&list[end]); end++)
            ;
        if (end > i + 1)
            list[left++] = join_pieces(b, list + i, end - i);
        else
            list[left++] = list[end = i], end++;
    }
    return left;
}

static struct shape
parts_shape(struct build *b, const struct shape *list, size_t n)
{
    struct type_info *node = node_new(b, (n + 1) * sizeof(struct layout_part));
    if (!node)
        return (struct shape){.count = 0};
    struct layout_part *parts = (struct layout_part *)(node + 1);
    node->parts = parts;
    node->form = LAYOUT_PARTS;
    for (size_t i = 0; i < n; i++) {
        struct shape s = list[i];
        s.offset = 0;
        parts[i] = (struct layout_part){list[i].offset, node->size, body_of(b, s)};
        layout_hold(parts[i].body);
        node->count = i + 1;
        node->size += s.count * s.length;
        node->pieces = saturate(node->pieces + shape_pieces(&s), 1);
    }
    parts[n].at = node->size;
    return shape_of_node(node);
}

static struct shape
shape_join(struct build *b, struct shape *list, size_t n)
{
    n = shorten(b, list, n);
    if (n == 0 || b->failed)
        return (struct shape){.count = 0};
    if (n == 1)
        return list[0];
    uint64_t pieces = 0;
    for (size_t i = 0; i < n; i++)
        pieces = saturate(pieces + shape_pieces(&list[i]), 1);
    if (pieces > LAYOUT_SMALL)
        return parts_shape(b, list, n);
    struct few few = {.count = 0};
    for (size_t i = 0; i < n; i++)
        few_add_blocks(&few, &list[i], 0);
    return few_shape(b, &few);
}

/* ---- by combiner ---- */

static struct shape
shape_of_type(struct build *b, struct type *type)
{
    if (!type_compile(type)) {
        b->failed = true;
        return (struct shape){.count = 0};
    }
    return type->contiguous ? shape_piece(type->true_lb, type->size) : shape_of_node(type->info);
}

static struct shape
compile_vector(struct build *b, const struct recipe *r, struct shape old)
{
    struct shape block = shape_repeat(b, old, r->length, r->types[0]->extent);
    return r->count == 1 ? block : shape_repeat(b, block, r->count, r->stride * recipe_unit(r));
}

// Blocks of a type without holes are runs of bytes.
static struct shape
compile_indexed(struct build *b, const struct recipe *r, struct shape old)
{
    MPI_Count extent = r->types[0]->extent, unit = recipe_unit(r);
    bool dense = old.count == 1 && !old.body && (MPI_Count)old.length == extent;
    struct runs runs = runs_new(b, r->count, dense ? 1 : extent, dense ? 1 : r->types[0]->size);
    for (MPI_Count i = 0; i < r->count; i++) {
        MPI_Count n = recipe_length(r, i);
        if (n)
            runs_add(&runs, number_at(r->displs, i) * unit, dense ? n * extent : n);
    }
    if (!dense)
        return runs_shape(b, &runs, old);
    struct shape s = runs_shape(b, &runs, shape_piece(0, 1));
    s.offset += old.offset;
    return s;
}

static struct shape
compile_struct(struct build *b, const struct recipe *r)
{
    struct shape *list = calloc((size_t)r->count + 1, sizeof *list);
    struct shape all = {.count = 0};
    b->failed |= !list;
    for (MPI_Count i = 0; !b->failed && i < r->count; i++) {
        struct type *old = r->types[i];
        MPI_Count n = recipe_length(r, i);
        if (n == 0 || old->size == 0)
            continue;
        list[i] = shape_repeat(b, shape_of_type(b, old), n, old->extent);
        list[i].offset += number_at(r->displs, i);
    }
    if (!b->failed)
        all = shape_join(b, list, (size_t)r->count);
    free(list);
    return all;
}

static struct shape
compile_axis(struct build *b, struct axis a, struct shape s, MPI_Count unit)
{
    struct shape both[2] = {{.count = 0}, {.count = 0}};
    if (a.full && a.block) {
        both[0] = shape_repeat(b, s, a.block, unit);
        if (a.full > 1)
            both[0] = shape_repeat(b, both[0], a.full, a.step * unit);
        both[0].offset += a.first * unit;
    }
    if (a.tail) {
        both[1] = shape_repeat(b, s, a.tail, unit);
        both[1].offset += (a.first + a.full * a.step) * unit;
    }
    return shape_join(b, both, 2);
}

static struct shape
compile_array(struct build *b, const struct recipe *r, struct shape s)
{
    MPI_Count unit = r->types[0]->extent;
    for (int i = 0; i < r->ndims; i++) {
        struct axis a = recipe_axis(r, recipe_dimension(r, i));
        s = compile_axis(b, a, s, unit);
        unit *= a.size;
    }
    return s;
}

static struct shape
compile(struct build *b, const struct recipe *r)
{
    if (r->combiner == MPI_COMBINER_STRUCT)
        return compile_struct(b, r);
    struct shape old = shape_of_type(b, r->types[0]);
    switch (r->combiner) {
    case MPI_COMBINER_CONTIGUOUS:
    case MPI_COMBINER_VECTOR:
    case MPI_COMBINER_HVECTOR:
        return compile_vector(b, r, old);
    case MPI_COMBINER_SUBARRAY:
    case MPI_COMBINER_DARRAY:
        return compile_array(b, r, old);
    case MPI_COMBINER_DUP:
    case MPI_COMBINER_RESIZED:
        return old;
    default:
        return compile_indexed(b, r, old);
    }
}

bool
type_compile(struct type *type)
{
    if (type->compiled)
        return true;
    struct build b = {.made = NULL};
    struct shape s = {.count = 0};
    if (type->size)
        s = compile(&b, &type->contents->recipe);
    type->contiguous =
        s.count == 0 || (is_piece(&s) && (MPI_Count)s.length == type->extent && !b.failed);
    if (!type->contiguous)
        type->info = body_of(&b, s);
    if (b.failed)
        type->info = NULL;
    layout_hold(type->info);
    type->compiled = !b.failed;
    build_end(&b);
    return type->compiled;
}
