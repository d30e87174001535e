// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_CONSTANTS_H
#define MUSTER_EXT_CONSTANTS_H

#include "module.h"

/* Adds the integer constants of the standard. */
bool constants_add(PyObject *module);

#endif
