// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_GROUP_H
#define MUSTER_EXT_GROUP_H

#include "handle.h"

bool group_add_type(struct state *st, PyObject *module);

#endif
