// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A chart: a layout as another process can read it. One block of memory that holds a whole tree,
 * whose pointers are distances from its start. */
#ifndef MUSTER_CORE_CHART_H
#define MUSTER_CORE_CHART_H

#include "core/layout.h"

/* Bytes of a tree's chart, or 0 when they are not less than `most`. What several nodes share is
 * there once for each. */
size_t chart_size(const struct type_info *root, size_t most);

/* Draw it; `to` is 8-byte aligned and has room for what chart_size said. */
void chart_draw(const struct type_info *root, void *to);

/* The tree again, in memory of its own, which ends with chart_end; NULL without memory. */
struct type_info *chart_read(const void *chart);
void chart_end(struct type_info *root);

#endif
