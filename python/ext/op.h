// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_OP_H
#define MUSTER_EXT_OP_H

#include "handle.h"

/* The handle of an Op argument; leaves *op alone when `arg` is NULL. */
bool op_arg(struct state *st, const struct params *p, int index, PyObject *arg, MPI_Op *op);

/* op(x, y) for Python objects: `op` is an MPI.Op or any callable. New reference. */
PyObject *op_apply(struct state *st, PyObject *op, PyObject *x, PyObject *y);

bool op_add_type(struct state *st, PyObject *module);

#endif
