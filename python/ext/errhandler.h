// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_ERRHANDLER_H
#define MUSTER_EXT_ERRHANDLER_H

#include "handle.h"

/* An error handler for communicators from a Python function of (comm, errorcode). */
PyObject *errhandler_create(struct state *st, PyObject *function);

bool errhandler_add_type(struct state *st, PyObject *module);

#endif
