// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_PICKLE_H
#define MUSTER_EXT_PICKLE_H

#include "memory.h"

enum { WIRE_SMALL = 256 };

/* An object as one message. What `data` points to is in `small`, or kept by `keep`. */
struct wire {
    const void *data;
    MPI_Count size;
    PyObject *keep; // OWNED
    char small[WIRE_SMALL];
};

/* Packs an object; false with an exception and nothing to clear. */
bool wire_pack(struct state *st, PyObject *object, struct wire *wire);
void wire_clear(struct wire *wire);

/* Moves the message out of `small`, so that it stays where it is while a started operation needs
   it: the keeper goes to the caller (NULL without an exception when there is nothing to keep). */
bool wire_detach(struct state *st, struct wire *wire, PyObject **keep);

/* The object of a message of `size` bytes at `data`, inside `block`, which large arrays will refer
   to. `from` (may be NULL) tells who sent it, for errors. NULL with an exception. */
PyObject *wire_unpack(struct state *st, struct block *block, const char *data, MPI_Count size,
                      const MPI_Status *from);

/* The object of a message that was packed here: a copy of what it was packed from. */
PyObject *wire_unpack_own(struct state *st, struct wire *wire);

bool pickle_add_type(struct state *st, PyObject *module);

#endif
