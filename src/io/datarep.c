// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Representations of data (MPI 5.0, 14.5). A datatype has a twin in the file: made in the same way,
 * of bytes, as many for each predefined type as the representation says. So everything that counts
 * in extents is where it belongs there. Data is converted a part at a time.
 */
#include "io/io.h"
#include "type/pack.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define PART (256u << 10) // bytes that are converted at a time

static const struct datarep external32 = {.name = "external32", .external = true};
static struct datarep *registered; // never freed: views refer to them

static const struct datarep *
find(const char *name)
{
    const struct datarep *rep = registered;
    if (strcmp(name, external32.name) == 0)
        return &external32;
    while (rep && strcmp(name, rep->name) != 0)
        rep = rep->next;
    return rep;
}

static bool
is_native(const char *name)
{
    return strcmp(name, "native") == 0 || strcmp(name, "internal") == 0;
}

int
datarep_find(const char *name, const struct datarep **rep)
{
    *rep = is_native(name) ? NULL : find(name);
    if (*rep || is_native(name))
        return MPI_SUCCESS;
    return error_new(MPI_ERR_UNSUPPORTED_DATAREP, "there is no data representation \"%.100s\"",
                     name);
}

/* ---- types ---- */

static bool
has_functions(const struct datarep *rep)
{
    return rep->external || rep->read || rep->write;
}

// Bytes of a predefined type in the file. A user's function runs without the lock.
static int
basic_bytes(const struct datarep *rep, const struct type *type, MPI_Count *bytes)
{
    MPI_Aint extent = -1;
    *bytes = rep->external ? external_size(type) : type->size;
    if (rep->external || !rep->extent)
        return MPI_SUCCESS;
    engine_give();
    int err = rep->extent(type->handle, &extent, rep->extra);
    engine_take();
    if (err)
        return error_new(MPI_ERR_CONVERSION, "the extent function of \"%.60s\" returned %d for %s",
                         rep->name, err, type->label);
    if (extent < 0)
        return error_new(MPI_ERR_CONVERSION, "the extent function of \"%.60s\" gave %lld for %s",
                         rep->name, (long long)extent, type->label);
    *bytes = extent;
    return MPI_SUCCESS;
}

static int
type_of_bytes(MPI_Count bytes, struct type **in_file)
{
    struct type *byte = type_get(MPI_BYTE);
    struct recipe r = {.combiner = MPI_COMBINER_CONTIGUOUS,
                       .count = 1,
                       .length = bytes,
                       .ntypes = 1,
                       .types = &byte};
    return type_make_of(&r, in_file);
}

static int
twin(const struct datarep *rep, struct type *type, struct type **in_file)
{
    MPI_Count bytes;
    if (type->predefined || !type->contents || type->contents->recipe.ntypes == 0) {
        int err = basic_bytes(rep, type, &bytes);
        return err ? err : type_of_bytes(bytes, in_file);
    }
    struct recipe r = type->contents->recipe;
    struct type **const old = r.types;
    r.types = calloc((size_t)r.ntypes, sizeof *r.types);
    int err = r.types ? MPI_SUCCESS : error_new(MPI_ERR_NO_MEM, "no memory for a file type");
    for (MPI_Count i = 0; !err && i < r.ntypes; i++)
        err = twin(rep, old[i], &r.types[i]);
    if (!err)
        err = type_make_of(&r, in_file);
    for (MPI_Count i = 0; r.types && i < r.ntypes; i++)
        if (r.types[i])
            type_release(r.types[i]);
    free(r.types);
    return err;
}

int
datarep_type(const struct datarep *rep, struct type *type, struct type **in_file)
{
    if (!rep) {
        type_hold(*in_file = type);
        return MPI_SUCCESS;
    }
    type_hold(type); // a user's function may free it
    *in_file = NULL;
    int err = twin(rep, type, in_file);
    type_release(type);
    if (!err && !type_compile(*in_file)) {
        type_release(*in_file);
        *in_file = NULL;
        err = error_new(MPI_ERR_NO_MEM, "no memory for the layout of a file type");
    }
    return err;
}

/* ---- data ---- */

// What is converted: whole elements, or the predefined ones of a uniform type.
struct items {
    MPI_Count count;
    uint64_t native, external; // bytes of one
};

static struct items
items_of(const struct access *a)
{
    const struct type *type = a->type, *one = type->uniform ? type->uniform : type;
    MPI_Count each = type->size / one->size;
    return (struct items){a->count * each, (uint64_t)one->size,
                          (uint64_t)(a->in_file->size / each)};
}

uint64_t
access_bytes(const struct access *a)
{
    if (a->in_file == a->type || a->in_file->size == 0)
        return a->moved;
    struct items items = items_of(a);
    return a->moved / items.external * items.native;
}

// A representation without a function for this direction has native data.
static int
copy(const struct access *a, const struct type *type, char *native, char *there, MPI_Count n)
{
    struct items items = items_of(a);
    if (items.native != items.external)
        return error_new(MPI_ERR_CONVERSION,
                         "\"%.60s\" has no function to %s %llu bytes that are %llu in the file",
                         a->view->rep->name, a->write ? "write" : "read",
                         (unsigned long long)items.native, (unsigned long long)items.external);
    if (a->write)
        layout_pack(type, native, n, 0, there, (size_t)n * items.native);
    else
        layout_unpack(type, native, n, 0, there, (size_t)n * items.native);
    return MPI_SUCCESS;
}

// n items from number i on, packed natively in `native`, converted in `there`.
static int
convert(const struct access *a, char *native, char *there, MPI_Count n)
{
    const struct datarep *rep = a->view->rep;
    struct type *type = a->type->uniform ? (struct type *)(uintptr_t)a->type->uniform : a->type;
    if (rep->external) {
        struct packing p = {
            .buffer = native, .count = n, .type = type, .packed = there, .unpack = !a->write};
        return external_convert(&p, 0);
    }
    MPI_Datarep_conversion_function_c *function = a->write ? rep->write : rep->read;
    int err;
    if (!function)
        return copy(a, type, native, there, n);
    if (rep->large)
        err = function(native, type->handle, n, there, 0, rep->extra);
    else
        err = ((MPI_Datarep_conversion_function *)(void (*)(void))function)(
            native, type->handle, (int)n, there, 0, rep->extra);
    return err ? error_new(MPI_ERR_CONVERSION, "the %s function of \"%.60s\" returned %d",
                           a->write ? "write" : "read", rep->name, err)
               : MPI_SUCCESS;
}

// Elements that are not all of one type lie as in the user's memory, uniform ones packed.
static uint64_t
stride_of(const struct access *a, const struct items *items)
{
    return a->type->uniform ? items->native : (uint64_t)a->type->extent;
}

static char *
place(const struct access *a, const struct items *items, MPI_Count i, char *native)
{
    if (a->type->uniform)
        return native;
    return (char *)((uintptr_t)a->buf + (uintptr_t)i * (uintptr_t)stride_of(a, items));
}

static int
write_part(struct access *a, const struct items *items, MPI_Count i, MPI_Count n, char *memory)
{
    char *there = memory, *native = memory + PART * 2;
    uint64_t bytes = (uint64_t)n * items->external;
    if (a->type->uniform)
        layout_pack(a->type, a->buf, a->count, (uint64_t)i * items->native, native,
                    (size_t)n * items->native);
    int err = convert(a, place(a, items, i, native), there, n);
    if (!err)
        err = stream_write(a, a->moved, there, bytes);
    if (!err)
        a->moved += bytes;
    return err;
}

static int
read_part(struct access *a, const struct items *items, MPI_Count i, MPI_Count n, char *memory)
{
    char *there = memory, *native = memory + PART * 2;
    uint64_t got = 0;
    int err = stream_read(a, a->moved, there, (uint64_t)n * items->external, &got);
    MPI_Count whole = (MPI_Count)(got / items->external);
    if (err || !whole)
        return err;
    err = convert(a, place(a, items, i, native), there, whole);
    if (!err && a->type->uniform)
        layout_unpack(a->type, a->buf, a->count, (uint64_t)i * items->native, native,
                      (size_t)whole * items->native);
    if (!err)
        a->moved += (uint64_t)whole * items->external;
    return err;
}

static int
move_parts(struct access *a, const struct items *items, MPI_Count most, char *memory)
{
    int err = MPI_SUCCESS;
    for (MPI_Count i = 0, n; i < items->count && !err; i += n) {
        n = items->count - i < most ? items->count - i : most;
        uint64_t before = a->moved;
        err = a->write ? write_part(a, items, i, n, memory) : read_part(a, items, i, n, memory);
        if (a->moved - before < (uint64_t)n * items->external)
            break; // the end of the file
    }
    return err;
}

// Elements larger than a part are converted one by one.
int
datarep_move(struct access *a)
{
    struct items items = items_of(a);
    uint64_t larger = items.native > items.external ? items.native : items.external;
    if (items.external == 0)
        return MPI_SUCCESS;
    MPI_Count most = larger > PART ? 1 : (MPI_Count)(PART / larger);
    size_t room = larger > PART ? larger : 0;
    char *memory = malloc(PART * 3 + room * 2);
    if (!memory)
        return error_new(MPI_ERR_NO_MEM, "no memory to convert elements of %llu bytes",
                         (unsigned long long)larger);
    int err = move_parts(a, &items, most, memory);
    free(memory);
    return err;
}

/* ---- MPI_Register_datarep ---- */

static int
check_name(const char *name)
{
    int err = check_pointer(name, "datarep");
    if (err)
        return err;
    if (!*name || strlen(name) >= MPI_MAX_DATAREP_STRING)
        return error_new(
            MPI_ERR_ARG,
            "the name of a data representation has %zu characters; 1 to %d are allowed",
            strlen(name), MPI_MAX_DATAREP_STRING - 1);
    if (is_native(name) || find(name))
        return error_new(MPI_ERR_DUP_DATAREP, "there is a data representation \"%s\" already",
                         name);
    return MPI_SUCCESS;
}

static int
add(const char *name, const struct datarep *args)
{
    int err = check_name(name);
    if (!err && !args->extent)
        err = null_error("dtype_file_extent_fn");
    if (err)
        return err;
    struct datarep *rep = malloc(sizeof *rep);
    if (!rep)
        return error_new(MPI_ERR_NO_MEM, "no memory for a data representation");
    *rep = *args;
    strcpy(rep->name, name);
    if (!has_functions(rep))
        rep->extent = NULL; // its data is native
    rep->next = registered;
    registered = rep;
    return MPI_SUCCESS;
}

static int
add_or_raise(const char *name, const struct datarep *args, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = add(name, args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : file_raise(MPI_FILE_NULL, function, err);
}

int
PMPI_Register_datarep(const char *datarep, MPI_Datarep_conversion_function *read_conversion_fn,
                      MPI_Datarep_conversion_function *write_conversion_fn,
                      MPI_Datarep_extent_function *dtype_file_extent_fn, void *extra_state)
{
    struct datarep args = {
        .read = (MPI_Datarep_conversion_function_c *)(void (*)(void))read_conversion_fn,
        .write = (MPI_Datarep_conversion_function_c *)(void (*)(void))write_conversion_fn,
        .extent = dtype_file_extent_fn,
        .extra = extra_state};
    return add_or_raise(datarep, &args, "MPI_Register_datarep");
}
weak_alias(PMPI_Register_datarep, MPI_Register_datarep);

int
PMPI_Register_datarep_c(const char *datarep, MPI_Datarep_conversion_function_c *read_conversion_fn,
                        MPI_Datarep_conversion_function_c *write_conversion_fn,
                        MPI_Datarep_extent_function *dtype_file_extent_fn, void *extra_state)
{
    struct datarep args = {.large = true,
                           .read = read_conversion_fn,
                           .write = write_conversion_fn,
                           .extent = dtype_file_extent_fn,
                           .extra = extra_state};
    return add_or_raise(datarep, &args, "MPI_Register_datarep_c");
}
weak_alias(PMPI_Register_datarep_c, MPI_Register_datarep_c);
