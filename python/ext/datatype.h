// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_DATATYPE_H
#define MUSTER_EXT_DATATYPE_H

#include "args.h"

/* The MPI_Datatype of an MPI.Datatype argument; leaves *type alone when `arg` is NULL. */
bool datatype_arg(struct state *st, const struct params *p, int index, PyObject *arg,
                  MPI_Datatype *type);

/* The type that a format character or a type string ("d", "i4", "Zf") stands for: false when
   there is none. */
bool datatype_from_code(const char *code, MPI_Datatype *type);

/* A type given by the user: an MPI.Datatype or a code; false with an exception. */
bool datatype_from(struct state *st, const char *func, PyObject *object, MPI_Datatype *type);

/* A Datatype object for a handle of somebody else's: new reference. */
PyObject *datatype_borrowed(struct state *st, MPI_Datatype type);

/* Lower bound and extent in bytes; false with an exception. */
bool datatype_extent(struct state *st, MPI_Datatype type, MPI_Count *lb, MPI_Count *extent);

bool datatype_add_type(struct state *st, PyObject *module);

#endif
