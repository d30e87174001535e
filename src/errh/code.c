// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Error classes, codes and strings, the user's own included (MPI 5.0, 9.4 and 9.5). All of these
 * may be called at any time, in any thread. */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ADDED (MPI_ERR_LASTCODE + 1)

struct added {
    int errclass; // its own value for a class; -1: removed
    int codes;    // of a class: codes that belong to it
    char *text;   // or NULL
};

// What the user added: codes and classes number up from FIRST_ADDED. The last one is always live.
struct error_codes {
    int count, room;
    struct added *added;
};

static struct added *
added_find(int code)
{
    struct error_codes *codes = engine.error_codes;
    if (!codes || code < FIRST_ADDED || code - FIRST_ADDED >= codes->count)
        return NULL;
    struct added *a = &codes->added[code - FIRST_ADDED];
    return a->errclass < 0 ? NULL : a;
}

static bool
is_class(int value)
{
    const struct added *a = added_find(value);
    return a ? a->errclass == value : error_class_name(value) != NULL;
}

static bool
added_grow(struct error_codes *codes)
{
    int room = codes->room ? 2 * codes->room : 16;
    struct added *added = realloc(codes->added, (size_t)room * sizeof *added);
    if (!added)
        return false;
    codes->added = added;
    codes->room = room;
    return true;
}

// errclass < 0: a class of its own.
static int
added_new(int errclass, int *value)
{
    if (!engine.error_codes)
        engine.error_codes = calloc(1, sizeof *engine.error_codes);
    struct error_codes *codes = engine.error_codes;
    if (!codes || (codes->count == codes->room && !added_grow(codes)))
        return error_new(MPI_ERR_NO_MEM, "no memory for another error code");
    int code = FIRST_ADDED + codes->count;
    codes->added[codes->count++] = (struct added){.errclass = errclass < 0 ? code : errclass};
    *value = code;
    return MPI_SUCCESS;
}

static void
added_remove(struct added *a)
{
    struct error_codes *codes = engine.error_codes;
    free(a->text);
    *a = (struct added){.errclass = -1};
    while (codes->count && codes->added[codes->count - 1].errclass < 0)
        codes->count--;
}

// A user's codes number up from the last of the standard's classes.
int
code_last_used(void)
{
    return MPI_ERR_LASTCODE + (engine.error_codes ? engine.error_codes->count : 0);
}

int
code_class(int code)
{
    int errclass = MPI_ERR_UNKNOWN;
    bool locked = engine_enter_always() == MPI_SUCCESS;
    const struct added *a = locked ? added_find(code) : NULL;
    if (a)
        errclass = a->errclass;
    else if (code >= 0 && error_class_name(error_class(code)))
        errclass = error_class(code);
    if (locked)
        engine_leave_always();
    return errclass;
}

bool
code_text(int code, char *text, size_t n)
{
    bool locked = engine_enter_always() == MPI_SUCCESS;
    const struct added *a = locked ? added_find(code) : NULL;
    if (a)
        snprintf(text, n, "%s", a->text ? a->text : "");
    if (locked)
        engine_leave_always();
    return a || error_text(code, text, n);
}

static int
no_code(int code)
{
    return error_new(MPI_ERR_ARG, "%d is no error code or class", code);
}

int
PMPI_Error_class(int code, int *errclass)
{
    int err = check_pointer(errclass, "errorclass"), found = code_class(code);
    if (!err && found == MPI_ERR_UNKNOWN && code != MPI_ERR_UNKNOWN)
        err = no_code(code);
    if (err)
        return world_raise("MPI_Error_class", err);
    *errclass = found;
    return MPI_SUCCESS;
}
weak_alias(PMPI_Error_class, MPI_Error_class);

int
PMPI_Error_string(int code, char *string, int *length)
{
    char text[MPI_MAX_ERROR_STRING];
    int err = check_pointer(string, "string");
    if (!err)
        err = check_pointer(length, "resultlen");
    if (!err && !code_text(code, text, sizeof text))
        err = no_code(code);
    if (err)
        return world_raise("MPI_Error_string", err);
    strcpy(string, text);
    *length = (int)strlen(text);
    return MPI_SUCCESS;
}
weak_alias(PMPI_Error_string, MPI_Error_string);

static int
add_class(int *errclass)
{
    int err = check_pointer(errclass, "errorclass");
    return err ? err : added_new(-1, errclass);
}

int
PMPI_Add_error_class(int *errclass)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = add_class(errclass);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Add_error_class", err);
}
weak_alias(PMPI_Add_error_class, MPI_Add_error_class);

static int
add_code(int errclass, int *code)
{
    int err = check_pointer(code, "errorcode");
    if (err)
        return err;
    if (!is_class(errclass))
        return error_new(MPI_ERR_ARG, "%d is no error class", errclass);
    err = added_new(errclass, code);
    struct added *owner = added_find(errclass);
    if (!err && owner)
        owner->codes++;
    return err;
}

int
PMPI_Add_error_code(int errclass, int *code)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = add_code(errclass, code);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Add_error_code", err);
}
weak_alias(PMPI_Add_error_code, MPI_Add_error_code);

static int
not_added(int code, const char *what)
{
    if (code <= MPI_ERR_LASTCODE && error_class_name(code))
        return error_new(MPI_ERR_ARG, "%d is predefined (%s), not %s that was added", code,
                         error_class_name(code), what);
    return error_new(MPI_ERR_ARG, "%d is not %s that was added", code, what);
}

static int
add_string(int code, const char *string)
{
    struct added *a = added_find(code);
    int err = check_pointer(string, "string");
    if (err)
        return err;
    if (!a)
        return not_added(code, "an error code or class");
    if (strlen(string) >= MPI_MAX_ERROR_STRING)
        return error_new(MPI_ERR_ARG, "the string has %zu characters; at most %d are allowed",
                         strlen(string), MPI_MAX_ERROR_STRING - 1);
    char *text = strdup(string);
    if (!text)
        return error_new(MPI_ERR_NO_MEM, "no memory for the string");
    free(a->text);
    a->text = text;
    return MPI_SUCCESS;
}

int
PMPI_Add_error_string(int code, const char *string)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = add_string(code, string);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Add_error_string", err);
}
weak_alias(PMPI_Add_error_string, MPI_Add_error_string);

// The string goes first (MPI 5.0, 9.5).
static int
still_has_string(int code, const char *what)
{
    return error_new(MPI_ERR_ARG, "the error %s %d still has a string", what, code);
}

static int
remove_class(int errclass)
{
    struct added *a = added_find(errclass);
    if (!a || a->errclass != errclass)
        return not_added(errclass, "an error class");
    if (a->codes)
        return error_new(MPI_ERR_ARG, "%d error codes still belong to the error class %d", a->codes,
                         errclass);
    if (a->text)
        return still_has_string(errclass, "class");
    added_remove(a);
    return MPI_SUCCESS;
}

int
PMPI_Remove_error_class(int errclass)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = remove_class(errclass);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Remove_error_class", err);
}
weak_alias(PMPI_Remove_error_class, MPI_Remove_error_class);

static int
remove_code(int code)
{
    struct added *a = added_find(code);
    if (!a || a->errclass == code)
        return not_added(code, "an error code");
    if (a->text)
        return still_has_string(code, "code");
    struct added *owner = added_find(a->errclass);
    if (owner)
        owner->codes--;
    added_remove(a);
    return MPI_SUCCESS;
}

int
PMPI_Remove_error_code(int code)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = remove_code(code);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Remove_error_code", err);
}
weak_alias(PMPI_Remove_error_code, MPI_Remove_error_code);

static int
remove_string(int code)
{
    struct added *a = added_find(code);
    if (!a)
        return not_added(code, "an error code or class");
    if (!a->text)
        return error_new(MPI_ERR_ARG, "the error code %d has no string", code);
    free(a->text);
    a->text = NULL;
    return MPI_SUCCESS;
}

int
PMPI_Remove_error_string(int code)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = remove_string(code);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Remove_error_string", err);
}
weak_alias(PMPI_Remove_error_string, MPI_Remove_error_string);
