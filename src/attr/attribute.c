// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "attr/attr.h"

#include "core/check.h"
#include "errh/raise.h"

#include <stdlib.h>

// Values that stand for functions of the standard and are never called: 0 copies or deletes
// nothing, 1 copies the value.
#define NOTHING 0x0
#define SAME    0x1

/* ---- the user's functions: without the lock ---- */

static int
call_erase(const struct attributed *object, const struct attribute *a)
{
    void (*erase)(void) = a->keyval->erase;
    int number = a->keyval->number;
    switch (a->keyval->kind) {
    case ATTR_COMM:
        return ((MPI_Comm_delete_attr_function *)erase)(object->handle, number, a->value,
                                                        a->keyval->extra);
    case ATTR_TYPE:
        return ((MPI_Type_delete_attr_function *)erase)(object->handle, number, a->value,
                                                        a->keyval->extra);
    case ATTR_WIN:
        return ((MPI_Win_delete_attr_function *)erase)(object->handle, number, a->value,
                                                       a->keyval->extra);
    case ATTR_KINDS:
        break;
    }
    return MPI_ERR_INTERN;
}

static int
call_copy(const struct attributed *object, const struct attribute *a, void **value, int *flag)
{
    void (*copy)(void) = a->keyval->copy;
    void *extra = a->keyval->extra;
    int number = a->keyval->number;
    switch (a->keyval->kind) {
    case ATTR_COMM:
        return ((MPI_Comm_copy_attr_function *)copy)(object->handle, number, extra, a->value, value,
                                                     flag);
    case ATTR_TYPE:
        return ((MPI_Type_copy_attr_function *)copy)(object->handle, number, extra, a->value, value,
                                                     flag);
    case ATTR_WIN:
        return ((MPI_Win_copy_attr_function *)copy)(object->handle, number, extra, a->value, value,
                                                    flag);
    case ATTR_KINDS:
        break;
    }
    return MPI_ERR_INTERN;
}

// What the user's function returned, with a text where it is no code that has one of its own.
static cold int
function_error(const char *function, int number, int code)
{
    int errclass = code_class(code);
    if (code != errclass || errclass > MPI_ERR_LASTCODE)
        return errclass == MPI_ERR_UNKNOWN
                   ? error_new(MPI_ERR_OTHER, "the %s function of keyval %d returned %d", function,
                               number, code)
                   : code;
    return error_new(errclass, "the %s function of keyval %d returned the error class %d", function,
                     number, code);
}

static int
run_erase(const struct attributed *object, const struct attribute *a)
{
    if ((uintptr_t)a->keyval->erase == NOTHING)
        return MPI_SUCCESS;
    engine_give();
    int err = call_erase(object, a);
    if (unlikely(err))
        err = function_error("delete", a->keyval->number, err);
    engine_take();
    return err;
}

static int
run_copy(const struct attributed *object, const struct attribute *a, void **value, int *flag)
{
    uintptr_t copy = (uintptr_t)a->keyval->copy;
    *value = a->value;
    *flag = copy == SAME;
    if (copy == NOTHING || copy == SAME)
        return MPI_SUCCESS;
    engine_give();
    int err = call_copy(object, a, value, flag);
    if (unlikely(err))
        err = function_error("copy", a->keyval->number, err);
    engine_take();
    return err;
}

/* ---- the list ---- */

// The attribute of a keyval; one that is leaving only when there is no other.
static struct attribute *
find(const struct attributed *object, const struct keyval *keyval)
{
    struct attribute *leaving = NULL;
    for (struct attribute *a = *object->list; a; a = a->next)
        if (a->keyval == keyval && !a->leaving)
            return a;
        else if (a->keyval == keyval)
            leaving = a;
    return leaving;
}

static int
add(const struct attributed *object, struct keyval *keyval, void *value)
{
    struct attribute *a = malloc(sizeof *a);
    if (!a)
        return error_new(MPI_ERR_NO_MEM, "no memory for another attribute");
    *a = (struct attribute){.next = *object->list, .keyval = keyval, .value = value};
    keyval_hold(keyval);
    *object->list = a;
    return MPI_SUCCESS;
}

static void
drop(const struct attributed *object, struct attribute *a)
{
    struct attribute **link = object->list;
    while (*link != a)
        link = &(*link)->next;
    *link = a->next;
    keyval_release(a->keyval);
    free(a);
}

// Delete one that is not leaving; with `force` even if its delete function fails.
static int
erase(const struct attributed *object, struct attribute *a, bool force)
{
    a->leaving = true;
    int err = run_erase(object, a);
    if (likely(!err) || force)
        drop(object, a);
    else
        a->leaving = false;
    return err;
}

int
attribute_set(const struct attributed *object, int number, void *value)
{
    struct keyval *keyval = NULL;
    int err = keyval_find(object->kind, number, &keyval);
    if (err)
        return err;
    if (keyval->freed)
        return error_new(MPI_ERR_KEYVAL, "the keyval %d was freed", number);
    struct attribute *old = find(object, keyval);
    keyval_hold(keyval);
    if (old && !old->leaving)
        err = erase(object, old, false);
    if (!err)
        err = add(object, keyval, value);
    keyval_release(keyval);
    return err;
}

int
attribute_get(const struct attributed *object, int number, void **value, bool *found)
{
    struct keyval *keyval = NULL;
    int err = keyval_find(object->kind, number, &keyval);
    if (err)
        return err;
    const struct attribute *a = find(object, keyval);
    *found = a != NULL;
    if (a)
        *value = a->value;
    return MPI_SUCCESS;
}

int
attribute_delete(const struct attributed *object, int number)
{
    struct keyval *keyval = NULL;
    int err = keyval_find(object->kind, number, &keyval);
    if (err)
        return err;
    struct attribute *a = find(object, keyval);
    if (!a)
        return error_new(MPI_ERR_KEYVAL, "there is no attribute of keyval %d", number);
    return a->leaving ? MPI_SUCCESS : erase(object, a, false);
}

int
attributes_clear(const struct attributed *object, bool all)
{
    int first = MPI_SUCCESS;
    struct attribute *a = *object->list;
    while (a && (!first || all)) {
        if (a->leaving) {
            a = a->next;
            continue;
        }
        int err = erase(object, a, all);
        first = first ? first : err;
        a = *object->list;
    }
    return first;
}

/* ---- copies ---- */

// The attributes as they are before any copy function runs, the oldest first; keyvals held.
static int
take_all(const struct attributed *object, struct attribute **copies, int *n)
{
    int count = 0;
    for (struct attribute *a = *object->list; a; a = a->next)
        count += !a->leaving;
    *n = count;
    *copies = malloc((size_t)(count ? count : 1) * sizeof **copies);
    if (!*copies)
        return error_new(MPI_ERR_NO_MEM, "no memory to copy %d attributes", count);
    for (struct attribute *a = *object->list; a; a = a->next)
        if (!a->leaving) {
            keyval_hold(a->keyval);
            (*copies)[--count] = *a;
        }
    return MPI_SUCCESS;
}

int
attributes_copy(const struct attributed *from, const struct attributed *to)
{
    struct attribute *copies;
    int n, flag, err = MPI_SUCCESS;
    void *value;
    if (likely(!*from->list))
        return MPI_SUCCESS;
    if ((err = take_all(from, &copies, &n)))
        return err;
    for (int i = 0; i < n; i++) {
        if (!err)
            err = run_copy(from, &copies[i], &value, &flag);
        if (!err && flag)
            err = add(to, copies[i].keyval, value);
        keyval_release(copies[i].keyval);
    }
    free(copies);
    if (err)
        attributes_clear(to, true);
    return err;
}
