// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_INFO_H
#define MUSTER_EXT_INFO_H

#include "handle.h"

/* The handle of an Info argument, MPI_INFO_NULL for None; leaves *info alone when `arg` is NULL. */
bool info_arg(struct state *st, const struct params *p, int index, PyObject *arg, MPI_Info *info);

bool info_add_type(struct state *st, PyObject *module);

#endif
