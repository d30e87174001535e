// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/span.h"

// Of a leaf: the pieces from number i on.
static void
span_take(struct span *s, uint64_t i)
{
    const struct type_info *leaf = s->leaf;
    s->inside = 0;
    s->count = leaf->count - i;
    s->length = leaf->length;
    s->next = leaf->count;
    s->offsets = (struct offsets){.near = NULL};
    if (leaf->form == LAYOUT_LOOP) {
        s->at = s->origin + (MPI_Count)i * leaf->stride;
        s->stride = leaf->stride;
    } else if (leaf->form == LAYOUT_OFFSETS) {
        s->offsets = offsets_from(leaf->offsets, i);
        s->at = s->origin + offset_at(s->offsets, 0);
    } else {
        s->at = s->origin + leaf->runs[i].offset;
        s->length = leaf->runs[i + 1].at - leaf->runs[i].at;
        s->count = 1;
        s->next = i + 1;
    }
    s->pos += s->length * s->count;
}

// The last one that does not begin after it.
uint64_t
find_run(const struct type_info *info, uint64_t pos)
{
    uint64_t low = 0, high = info->count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (info->runs[middle].at <= pos)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint64_t
find_part(const struct type_info *info, uint64_t pos)
{
    uint64_t low = 0, high = info->count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (info->parts[middle].at <= pos)
            low = middle;
        else
            high = middle;
    }
    return low;
}

// The pieces of a leaf from byte `pos` of it on.
static void
span_enter(struct span *s, const struct type_info *leaf, char *origin, uint64_t pos)
{
    uint64_t i = leaf->form == LAYOUT_RUNS ? find_run(leaf, pos) : pos / leaf->length;
    uint64_t inside = leaf->form == LAYOUT_RUNS ? pos - leaf->runs[i].at : pos % leaf->length;
    s->leaf = leaf;
    s->origin = origin;
    s->pos -= inside;
    span_take(s, i);
    s->inside = inside;
}

static void
span_seek(struct span *s, const struct type_info *info, char *origin, uint64_t pos)
{
    for (;;) {
        origin += info->offset;
        if (info->form == LAYOUT_PARTS) {
            const struct layout_part *part = &info->parts[find_part(info, pos)];
            origin += part->offset;
            pos -= part->at;
            info = part->body;
            continue;
        }
        if (!info->body) {
            span_enter(s, info, origin, pos);
            return;
        }
        if (info->form == LAYOUT_RUNS) {
            const struct layout_run *run = &info->runs[find_run(info, pos)];
            pos -= run->at;
            origin += run->offset + (MPI_Count)(pos / info->length) * info->stride;
        } else if (info->form == LAYOUT_OFFSETS) {
            origin += offset_at(info->offsets, pos / info->length);
        } else {
            origin += (MPI_Count)(pos / info->length) * info->stride;
        }
        pos %= info->length;
        info = info->body;
    }
}

struct span
span_at(const struct type_info *all, char *base, uint64_t pos)
{
    struct span s = {.all = all, .base = base, .pos = pos};
    span_seek(&s, all, base, pos);
    return s;
}

void
span_next(struct span *s)
{
    if (s->next < s->leaf->count)
        span_take(s, s->next);
    else
        span_seek(s, s->all, s->base, s->pos);
}
