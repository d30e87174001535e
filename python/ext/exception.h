// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_EXCEPTION_H
#define MUSTER_EXT_EXCEPTION_H

#include "call.h"

bool exception_add_type(struct state *st, PyObject *module);

#endif
