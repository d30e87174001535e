// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/cursor.h"
#include "rma/rma.h"

int
pieces_visit(const struct type *type, uint64_t bytes, piece_fn *fn, void *of)
{
    if (!bytes)
        return MPI_SUCCESS;
    struct cursor cursor = cursor_make(type, 0, 0);
    int err = MPI_SUCCESS;
    while (bytes && !err) {
        struct stretch piece = cursor_take(&cursor, bytes);
        bytes -= piece.length;
        err = fn(of, piece.offset, piece.length);
    }
    return err;
}
