// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_MESSAGE_H
#define MUSTER_EXT_MESSAGE_H

#include "handle.h"

/* Waits for a message (`wait`), or looks for one, and takes it out of matching: a new Message of
   class `type`; None when there is none; NULL with an exception. */
PyObject *message_probe(struct state *st, PyTypeObject *type, MPI_Comm comm, int source, int tag,
                        PyObject *status, bool wait, const char *func);

bool message_add_type(struct state *st, PyObject *module);

#endif
