// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The loops of the predefined operations, one for each operation and representation. */
#ifndef MUSTER_OP_KERNELS_H
#define MUSTER_OP_KERNELS_H

#include "op/basic.h"

#include <stddef.h>

/* Codes of the predefined operations: the low bits of their handles. */
enum op_code {
    OP_SUM = 0x01,
    OP_MIN = 0x02,
    OP_MAX = 0x03,
    OP_PROD = 0x04,
    OP_BAND = 0x08,
    OP_BOR = 0x09,
    OP_BXOR = 0x0a,
    OP_LAND = 0x10,
    OP_LOR = 0x11,
    OP_LXOR = 0x12,
    OP_MINLOC = 0x18,
    OP_MAXLOC = 0x19,
    OP_REPLACE = 0x1c,
    OP_NO_OP = 0x1d,
    OP_CODES = 0x20
};

/* out[i] = a[i] op b[i] for n elements, of any alignment. out is b, or overlaps neither. */
typedef void op_kernel(const void *a, const void *b, void *out, size_t n);

/* The loop for an operation and a type's arithmetic; NULL where the standard allows none, or this
 * compiler lacks the type. */
op_kernel *op_kernel_find(unsigned code, unsigned basic);

#endif
