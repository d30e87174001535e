// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Attributes (MPI 5.0, 7.7): what a user hangs on a communicator, a datatype or a window under a
 * key that the user made.
 *
 * A keyval is a number that names a struct keyval: its slot in a table, how often the slot was used
 * before, and its kind. It lives while the user has not freed it or some attribute still uses it,
 * and as long its number is good for looking at attributes, deleting them, and freeing it again.
 *
 * An object has a list of its attributes, the newest first. The user's functions run without the
 * engine's lock and may call MPI, so each function here that may call one says so: the caller holds
 * the object, and nothing that it knows of the list is true afterwards. An attribute whose delete
 * function runs is `leaving`: it can still be read, and nobody else deletes it.
 */
#ifndef MUSTER_ATTR_ATTR_H
#define MUSTER_ATTR_ATTR_H

#include "core/engine.h"

#include <string.h>

enum attr_kind { ATTR_COMM, ATTR_TYPE, ATTR_WIN, ATTR_KINDS };

struct keyval {
    int number;
    enum attr_kind kind;
    int refs;            // the user's and one for each attribute
    bool freed;          // the user's is gone
    void (*copy)(void);  // the user's, cast back by kind; or one of the sentinels
    void (*erase)(void); // the same
    void *extra;
    struct keyval *next; // in the list of free slots
};

struct attribute {
    struct attribute *next; // older
    struct keyval *keyval;  // held
    void *value;
    bool leaving;
};

/* ---- keyvals (keyval.c) ---- */

struct keyval_args {
    enum attr_kind kind;
    void (*copy)(void), (*erase)(void);
    int *keyval;
    void *extra;
};
int keyval_create(const struct keyval_args *args);

/* The user's MPI_Comm_free_keyval and the like: *keyval becomes MPI_KEYVAL_INVALID. */
int keyval_free(enum attr_kind kind, int *keyval);

/* The live keyval of a number, or MPI_ERR_KEYVAL with what it is instead. */
int keyval_find(enum attr_kind kind, int number, struct keyval **keyval);

static inline void
keyval_hold(struct keyval *keyval)
{
    keyval->refs++;
}
void keyval_release(struct keyval *keyval);

/* ---- an object's attributes (attribute.c) ---- */

/* What has attributes: where their list is, and the handle that the user's functions get. */
struct attributed {
    enum attr_kind kind;
    struct attribute **list;
    void *handle;
};

/* Set, or replace. May call the delete function of the old value, and fails if that does. */
int attribute_set(const struct attributed *object, int number, void *value);

/* *found: there is one; then its value is in *value. */
int attribute_get(const struct attributed *object, int number, void **value, bool *found);

/* MPI_ERR_KEYVAL when there is none. Calls its delete function. */
int attribute_delete(const struct attributed *object, int number);

/* Delete all, the newest first, until a delete function fails: its code is returned and the
 * attributes that are left stay. With `all` every one is deleted and the first code returned. */
int attributes_clear(const struct attributed *object, bool all);

/* Copy to a new object what the copy functions say, the oldest first; when one fails, what was
 * copied is deleted again. */
int attributes_copy(const struct attributed *from, const struct attributed *to);

/* The common cases. */
static inline struct attributed
comm_attributed(struct comm *comm)
{
    return (struct attributed){ATTR_COMM, &comm->attributes, comm->handle};
}

static inline struct attributed
type_attributed(struct type *type)
{
    return (struct attributed){ATTR_TYPE, &type->attributes, type->handle};
}

static inline struct attributed
win_attributed(struct win *win)
{
    return (struct attributed){ATTR_WIN, &win->attributes, win->handle};
}

/* What MPI_Comm_set_attr and the like do, for both names of each. */
int comm_attribute_set(MPI_Comm comm, int keyval, void *value);
int comm_attribute_get(MPI_Comm comm, int keyval, void *value, int *flag);
int comm_attribute_delete(MPI_Comm comm, int keyval);

/* ---- predefined (predefined.c) ---- */

/* MPI_TAG_UB and the like: known and its value's address, which stays; NULL: it has none here. */
bool attribute_predefined(int number, const int **value);

/* The name of a predefined one, those of windows included, or NULL. */
const char *keyval_name(int number);

#endif
