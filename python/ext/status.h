// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_STATUS_H
#define MUSTER_EXT_STATUS_H

#include "args.h"

/* The MPI_Status of `arg`, MPI_STATUS_IGNORE for None and for no argument. False with a
   TypeError that names the function. */
bool status_arg(struct state *st, const char *func, PyObject *arg, MPI_Status **status);

/* A status that says nothing happened: any source, any tag, no error, zero bytes. */
void status_clear(MPI_Status *status);

/* A new Status object with these contents. */
PyObject *status_from(struct state *st, const MPI_Status *status);

/* Stores the contents into an existing Status; false with a TypeError. */
bool status_store(struct state *st, PyObject *object, const MPI_Status *status);

bool status_add_type(struct state *st, PyObject *module);

#endif
