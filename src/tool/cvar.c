// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Control variables (MPI 5.0, 15.3.6): the numbers that decide how a rank waits and how large
 * messages go, the callback of a language's runtime for blocked calls, and, to be read, the sizes
 * that the segment was laid out with. Those by which collectives choose their way are none: all
 * members would have to change them between the same two calls.
 */

#include "shm/ring.h"
#include "tool/tool.h"

#include <string.h>

struct cvar {
    const char *name, *text;
    void *value;
    MPI_Datatype type;
    size_t size;
    enum tool_category category;
    int verbosity, scope;
};

static unsigned inline_size = SLOT_INLINE, piece_size = PIECE_SIZE;

#define TUNABLE(category)  category, MPI_T_VERBOSITY_TUNER_DETAIL, MPI_T_SCOPE_LOCAL
#define CONSTANT(category) category, MPI_T_VERBOSITY_TUNER_ALL, MPI_T_SCOPE_CONSTANT

static const struct cvar cvars[] = {
    {"muster_spins", "polls of a waiting rank before it yields its CPU", &engine.spins,
     MPI_UNSIGNED, sizeof engine.spins, TUNABLE(CATEGORY_WAITING)},
    {"muster_yields", "yields of a waiting rank before it sleeps", &engine.yields, MPI_UNSIGNED,
     sizeof engine.yields, TUNABLE(CATEGORY_WAITING)},
    {"muster_interrupt_callback",
     "address of an int (*)(void) that is called in a blocked thread after a signal and now and "
     "then; non-zero abandons the call; 0: none",
     &engine.interrupt, MPI_UNSIGNED_LONG, sizeof engine.interrupt, TUNABLE(CATEGORY_WAITING)},
    {"muster_direct_from",
     "bytes from which a message may be copied between the processes, where that was faster; below "
     "32 KiB never",
     &engine.direct_from, MPI_UNSIGNED_LONG_LONG, sizeof engine.direct_from,
     TUNABLE(CATEGORY_MESSAGES)},
    {"muster_direct_always",
     "bytes from which it is, without a try of staging; from 16 MiB in any case",
     &engine.direct_always, MPI_UNSIGNED_LONG_LONG, sizeof engine.direct_always,
     TUNABLE(CATEGORY_MESSAGES)},
    {"muster_huge_pages_from",
     "bytes of a message whose buffer, used again and again, is moved into huge pages; below 2 MiB "
     "never",
     &engine.pages_from, MPI_UNSIGNED_LONG_LONG, sizeof engine.pages_from,
     TUNABLE(CATEGORY_MEMORY)},
    {"muster_inline_size", "bytes of a message that go in the slot that announces it", &inline_size,
     MPI_UNSIGNED, sizeof inline_size, CONSTANT(CATEGORY_MESSAGES)},
    {"muster_piece_size", "bytes of a staging piece; larger messages take several", &piece_size,
     MPI_UNSIGNED, sizeof piece_size, CONSTANT(CATEGORY_MESSAGES)},
};
#define CVARS ((int)(sizeof cvars / sizeof *cvars))

int
cvar_number(void)
{
    return CVARS;
}

enum tool_category
cvar_category(int i)
{
    return cvars[i].category;
}

int
PMPI_T_cvar_get_num(int *num_cvar)
{
    int err = tool_usable();
    if (err)
        return err;
    if (!num_cvar)
        return MPI_T_ERR_INVALID;
    *num_cvar = CVARS;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_cvar_get_num, MPI_T_cvar_get_num);

int
PMPI_T_cvar_get_info(int cvar_index, char *name, int *name_len, int *verbosity,
                     MPI_Datatype *datatype, MPI_T_enum *enumtype, char *desc, int *desc_len,
                     int *bind, int *scope)
{
    int err = tool_usable();
    if (err)
        return err;
    if (cvar_index < 0 || cvar_index >= CVARS)
        return MPI_T_ERR_INVALID_INDEX;
    const struct cvar *cvar = &cvars[cvar_index];
    give_string(cvar->name, name, name_len);
    give_string(cvar->text, desc, desc_len);
    give_int(cvar->verbosity, verbosity);
    give_int(MPI_T_BIND_NO_OBJECT, bind);
    give_int(cvar->scope, scope);
    if (datatype)
        *datatype = cvar->type;
    if (enumtype)
        *enumtype = MPI_T_ENUM_NULL;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_cvar_get_info, MPI_T_cvar_get_info);

int
PMPI_T_cvar_get_index(const char *name, int *cvar_index)
{
    int err = tool_usable();
    if (err)
        return err;
    if (!name || !cvar_index)
        return MPI_T_ERR_INVALID;
    for (int i = 0; i < CVARS; i++) {
        if (strcmp(name, cvars[i].name) != 0)
            continue;
        *cvar_index = i;
        return MPI_SUCCESS;
    }
    return MPI_T_ERR_INVALID_NAME;
}
weak_alias(PMPI_T_cvar_get_index, MPI_T_cvar_get_index);

static const struct cvar *
cvar_of(MPI_T_cvar_handle handle)
{
    uintptr_t i = (uintptr_t)handle - CVAR_HANDLES;
    return i < (uintptr_t)CVARS ? &cvars[i] : NULL;
}

int
PMPI_T_cvar_handle_alloc(int cvar_index, void *obj_handle, MPI_T_cvar_handle *handle, int *count)
{
    (void)obj_handle;
    int err = tool_usable();
    if (err)
        return err;
    if (cvar_index < 0 || cvar_index >= CVARS)
        return MPI_T_ERR_INVALID_INDEX;
    if (!handle || !count)
        return MPI_T_ERR_INVALID;
    *handle = (MPI_T_cvar_handle)(CVAR_HANDLES + (uintptr_t)cvar_index);
    *count = 1;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_cvar_handle_alloc, MPI_T_cvar_handle_alloc);

int
PMPI_T_cvar_handle_free(MPI_T_cvar_handle *handle)
{
    int err = tool_usable();
    if (err)
        return err;
    if (!handle || !cvar_of(*handle))
        return MPI_T_ERR_INVALID_HANDLE;
    *handle = MPI_T_CVAR_HANDLE_NULL;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_cvar_handle_free, MPI_T_cvar_handle_free);

int
PMPI_T_cvar_read(MPI_T_cvar_handle handle, void *buf)
{
    const struct cvar *cvar = cvar_of(handle);
    int err = tool_enter();
    if (err)
        return err;
    if (!cvar)
        err = MPI_T_ERR_INVALID_HANDLE;
    else if (!buf)
        err = MPI_T_ERR_INVALID;
    else
        memcpy(buf, cvar->value, cvar->size);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_cvar_read, MPI_T_cvar_read);

int
PMPI_T_cvar_write(MPI_T_cvar_handle handle, const void *buf)
{
    const struct cvar *cvar = cvar_of(handle);
    int err = tool_enter();
    if (err)
        return err;
    if (!cvar)
        err = MPI_T_ERR_INVALID_HANDLE;
    else if (cvar->scope == MPI_T_SCOPE_CONSTANT)
        err = MPI_T_ERR_CVAR_SET_NEVER;
    else if (!buf)
        err = MPI_T_ERR_INVALID;
    else
        memcpy(cvar->value, buf, cvar->size);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_cvar_write, MPI_T_cvar_write);
