// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_BUFFER_H
#define MUSTER_EXT_BUFFER_H

#include "module.h"

/*
 * The message-buffer argument of the upper-case methods: an object with a buffer, or a list or
 * tuple of one with count, displacement and type. Every parse function below is true with
 * something to clear, or false with an exception and nothing to clear.
 */

enum access { READ, WRITE };

/* Who asks: the method's name is in every error. */
struct ask {
    struct state *st;
    const char *func;
};

struct message {
    void *addr;
    MPI_Count count;
    MPI_Datatype type;
    PyObject *keep; // OWNED: keeps the memory where it is; NULL where the argument itself does
};

/* `peer` is a rank, or MPI_PROC_NULL for an argument that does not matter; the entries are to be
   split among `blocks` ranks when that is above 1: count is then that of one block. */
bool message_parse(struct ask ask, PyObject *object, enum access access, int peer, int blocks,
                   struct message *message);

static inline void
message_clear(struct message *message)
{
    Py_CLEAR(message->keep);
}

/* What a started operation has to keep: the message's own keeper, or `object`. New reference,
   NULL (no exception) when there is nothing. */
PyObject *message_keeper(struct message *message, PyObject *object);

/* A message of one count and displacement (in entries) for each of `blocks` ranks. */
struct vector {
    void *addr;
    MPI_Count *counts; // OWNED, `displs` is in the same allocation
    MPI_Aint *displs;
    MPI_Datatype type;
    PyObject *keep;
};

bool vector_parse(struct ask ask, PyObject *object, enum access access, int peer, int blocks,
                  struct vector *vector);
void vector_clear(struct vector *vector);

/* A message of one count, displacement (in bytes) and type for each of `blocks` ranks. */
struct wvector {
    void *addr;
    MPI_Count *counts; // OWNED, the others are in the same allocation
    MPI_Aint *displs;
    MPI_Datatype *types;
    PyObject *keep;
};

bool wvector_parse(struct ask ask, PyObject *object, enum access access, int blocks,
                   struct wvector *vector);
void wvector_clear(struct wvector *vector);

static inline bool
is_in_place(struct state *st, PyObject *object)
{
    return object == Py_None || object == st->in_place;
}

static inline bool
is_bottom(struct state *st, PyObject *object)
{
    return object == Py_None || object == st->bottom;
}

#endif
