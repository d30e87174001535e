// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "attr/attr.h"

#include "core/check.h"

#include <stdlib.h>

// A number is, from the top: a bit that predefined ones have not, the kind, how often the slot has
// been used, the slot.
#define NUMBER_BIT (1 << 30)
#define KIND_SHIFT 28
#define USE_SHIFT  20
#define USE_ONE    (1 << USE_SHIFT)
#define USES       (0xff << USE_SHIFT)
#define SLOTS      (1 << USE_SHIFT)

static struct {
    struct keyval **slots; // [room], `count` of them made
    int count, room;
    struct keyval *free, *last_free; // the one that has been free longest comes first
} table;

static const char *const kind_names[ATTR_KINDS] = {
    [ATTR_COMM] = "communicators", [ATTR_TYPE] = "datatypes", [ATTR_WIN] = "windows"};

static bool
table_grow(void)
{
    if (table.count < table.room)
        return true;
    int room = table.room ? 2 * table.room : 64;
    struct keyval **slots =
        room > SLOTS ? NULL : realloc(table.slots, (size_t)room * sizeof(struct keyval *));
    if (!slots)
        return false;
    table.slots = slots;
    table.room = room;
    return true;
}

static struct keyval *
slot_take(void)
{
    struct keyval *keyval = table.free;
    if (keyval) {
        table.free = keyval->next;
        return keyval;
    }
    keyval = table_grow() ? calloc(1, sizeof *keyval) : NULL;
    if (!keyval)
        return NULL;
    keyval->number = table.count;
    table.slots[table.count++] = keyval;
    return keyval;
}

static void
slot_return(struct keyval *keyval)
{
    keyval->next = NULL;
    if (table.free)
        table.last_free->next = keyval;
    else
        table.free = keyval;
    table.last_free = keyval;
}

int
keyval_create(const struct keyval_args *args)
{
    int err = check_pointer(args->keyval, "keyval");
    if (err)
        return err;
    struct keyval *keyval = slot_take();
    if (!keyval)
        return error_new(MPI_ERR_NO_MEM, "no memory for another keyval beside %d", table.count);
    int slot = keyval->number & (SLOTS - 1), use = (keyval->number + USE_ONE) & USES;
    keyval->number = NUMBER_BIT | (int)args->kind << KIND_SHIFT | use | slot;
    keyval->kind = args->kind;
    keyval->refs = 1;
    keyval->freed = false;
    keyval->copy = args->copy;
    keyval->erase = args->erase;
    keyval->extra = args->extra;
    *args->keyval = keyval->number;
    return MPI_SUCCESS;
}

void
keyval_release(struct keyval *keyval)
{
    if (--keyval->refs == 0)
        slot_return(keyval);
}

static cold int
keyval_error(enum attr_kind kind, int number)
{
    const char *name = keyval_name(number);
    if (number == MPI_KEYVAL_INVALID)
        return error_new(MPI_ERR_KEYVAL, "the keyval is MPI_KEYVAL_INVALID");
    if (name)
        return error_new(MPI_ERR_KEYVAL, "%s is predefined and cannot be used here", name);
    int slot = number & (SLOTS - 1);
    if (number < NUMBER_BIT || slot >= table.count)
        return error_new(MPI_ERR_KEYVAL, "%d is not a keyval", number);
    const struct keyval *keyval = table.slots[slot];
    if (keyval->refs && keyval->number == number)
        return error_new(MPI_ERR_KEYVAL, "the keyval %d is one for %s, not for %s", number,
                         kind_names[keyval->kind], kind_names[kind]);
    return error_new(MPI_ERR_KEYVAL, "the keyval %d was freed", number);
}

int
keyval_find(enum attr_kind kind, int number, struct keyval **keyval)
{
    int slot = number & (SLOTS - 1);
    *keyval = number >= NUMBER_BIT && slot < table.count ? table.slots[slot] : NULL;
    if (likely(*keyval && (*keyval)->number == number && (*keyval)->kind == kind &&
               (*keyval)->refs))
        return MPI_SUCCESS;
    return keyval_error(kind, number);
}

// Freeing it twice is no error while attributes use it: who deletes them may free it in their
// delete functions.
int
keyval_free(enum attr_kind kind, int *number)
{
    struct keyval *keyval = NULL;
    int err = check_pointer(number, "keyval");
    if (!err)
        err = keyval_find(kind, *number, &keyval);
    if (err)
        return err;
    if (!keyval->freed) {
        keyval->freed = true;
        keyval_release(keyval);
    }
    *number = MPI_KEYVAL_INVALID;
    return MPI_SUCCESS;
}
