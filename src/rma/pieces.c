// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A walk over a layout that only tells where its pieces are: of memory that is not mapped here, and
 * of elements that are changed one by one. Neighbors that touch are told as one piece. */
#include "rma/rma.h"

#include "core/layout.h"

struct visit {
    piece_fn *fn;
    void *of;
    uint64_t left; // bytes
    MPI_Count at;  // the piece that is not told yet
    uint64_t length;
};

static int
tell(struct visit *v)
{
    return v->length ? v->fn(v->of, v->at, v->length) : MPI_SUCCESS;
}

static int
meet(struct visit *v, MPI_Count at, uint64_t length)
{
    int err = MPI_SUCCESS;
    length = min_size(length, v->left);
    v->left -= length;
    if (at == v->at + (MPI_Count)v->length) {
        v->length += length;
        return MPI_SUCCESS;
    }
    err = tell(v);
    v->at = at;
    v->length = length;
    return err;
}

static int visit(struct visit *v, const struct type_info *info, MPI_Count at);

static int
visit_blocks(struct visit *v, const struct type_info *info, MPI_Count at, uint64_t n)
{
    int err = MPI_SUCCESS;
    for (uint64_t i = 0; i < n && v->left && !err; i++, at += info->stride)
        err = info->body ? visit(v, info->body, at) : meet(v, at, info->length);
    return err;
}

static int
visit_offsets(struct visit *v, const struct type_info *info, MPI_Count at)
{
    int err = MPI_SUCCESS;
    for (uint64_t i = 0; i < info->count && v->left && !err; i++)
        err = info->body ? visit(v, info->body, at + offset_at(info->offsets, i))
                         : meet(v, at + offset_at(info->offsets, i), info->length);
    return err;
}

// A run without a body is one piece.
static int
visit_runs(struct visit *v, const struct type_info *info, MPI_Count at)
{
    int err = MPI_SUCCESS;
    for (uint64_t i = 0; i < info->count && v->left && !err; i++) {
        const struct layout_run *run = &info->runs[i];
        uint64_t length = run[1].at - run->at;
        err = info->body ? visit_blocks(v, info, at + run->offset, length / info->length)
                         : meet(v, at + run->offset, length);
    }
    return err;
}

static int
visit_parts(struct visit *v, const struct type_info *info, MPI_Count at)
{
    int err = MPI_SUCCESS;
    for (uint64_t i = 0; i < info->count && v->left && !err; i++)
        err = visit(v, info->parts[i].body, at + info->parts[i].offset);
    return err;
}

static int
visit(struct visit *v, const struct type_info *info, MPI_Count at)
{
    at += info->offset;
    switch (info->form) {
    case LAYOUT_LOOP:
        return visit_blocks(v, info, at, info->count);
    case LAYOUT_OFFSETS:
        return visit_offsets(v, info, at);
    case LAYOUT_RUNS:
        return visit_runs(v, info, at);
    case LAYOUT_PARTS:
        return visit_parts(v, info, at);
    }
    return MPI_ERR_INTERN;
}

int
pieces_visit(const struct type *type, MPI_Count count, uint64_t bytes, piece_fn *fn, void *of)
{
    struct visit v = {.fn = fn, .of = of, .left = bytes};
    int err = MPI_SUCCESS;
    if (type->contiguous)
        return bytes ? fn(of, type->true_lb, bytes) : MPI_SUCCESS;
    for (MPI_Count i = 0; i < count && v.left && !err; i++)
        err = visit(&v, type->info, i * type->extent);
    return err ? err : tell(&v);
}
