// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Reduction operations (MPI 5.0, 6.9). */
#ifndef MUSTER_OP_OP_H
#define MUSTER_OP_OP_H

#include "core/object.h"

static inline void
op_hold(struct op *op)
{
    op->refs++;
}
void op_end(struct op *op);
static inline void
op_release(struct op *op)
{
    if (--op->refs == 0)
        op_end(op);
}

/* MPI_SUCCESS when the operation takes the type; else a code of class
 * MPI_ERR_OP that names both. */
int op_check(const struct op *op, const struct type *type);

/*
 * inout[i] = in[i] op inout[i] for `count` elements; in and inout do not overlap. op_check has
 * accepted op and type.
 *
 * Under the lock. A user's function may call MPI, and may wait for another thread that does: the
 * lock is given away while it runs, as engine_wait does, so the caller holds
 * op, type and communicator.
 */
void op_apply(struct op *op, struct type *type, const void *in, void *inout, MPI_Count count);

/* out[i] = a[i] op b[i] with a predefined operation. out is b, or overlaps neither. */
void op_apply3(struct op *op, struct type *type, const void *a, const void *b, void *out,
               MPI_Count count);

/* "MPI_SUM" for the code of a predefined operation (struct op), "an
 * unknown operation" for others. */
const char *op_code_label(uint8_t code);

#endif
