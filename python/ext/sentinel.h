// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_SENTINEL_H
#define MUSTER_EXT_SENTINEL_H

#include "module.h"

/* BOTTOM, IN_PLACE and BUFFER_AUTOMATIC, each the only object of its type. */
bool sentinel_add_types(struct state *st, PyObject *module);

#endif
