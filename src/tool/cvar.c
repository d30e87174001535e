// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Control variables of the tool interface (MPI 5.0, 15.3.6): the numbers that decide how a rank
 * waits, and the callback of a language's runtime for blocked calls. These functions return error
 * codes and call no error handler (15.3.1).
 */

#include "core/engine.h"

#include <string.h>

struct cvar {
    const char *name, *text;
    void *value;
    MPI_Datatype type;
    size_t size;
};

static const struct cvar cvars[] = {
    {"muster_spins", "polls of a waiting rank before it yields its CPU", &engine.spins,
     MPI_UINT32_T, sizeof engine.spins},
    {"muster_yields", "yields of a waiting rank before it sleeps", &engine.yields, MPI_UINT32_T,
     sizeof engine.yields},
    {"muster_interrupt_callback",
     "address of an int (*)(void) that is called in a blocked thread after a signal and now and "
     "then; non-zero abandons the call; 0: none",
     &engine.interrupt, MPI_UNSIGNED_LONG, sizeof engine.interrupt},
};
#define CVARS ((int)(sizeof cvars / sizeof *cvars))

static _Atomic int users; // MPI_T_init_thread minus MPI_T_finalize

static bool
off(void)
{
    return atomic_load_explicit(&users, memory_order_relaxed) == 0;
}

int
PMPI_T_init_thread(int required, int *provided)
{
    (void)required;
    if (!provided)
        return MPI_T_ERR_INVALID;
    *provided = MPI_THREAD_MULTIPLE;
    atomic_fetch_add_explicit(&users, 1, memory_order_relaxed);
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_init_thread, MPI_T_init_thread);

int
PMPI_T_finalize(void)
{
    if (off())
        return MPI_T_ERR_NOT_INITIALIZED;
    atomic_fetch_sub_explicit(&users, 1, memory_order_relaxed);
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_finalize, MPI_T_finalize);

int
PMPI_T_cvar_get_num(int *num_cvar)
{
    if (off())
        return MPI_T_ERR_NOT_INITIALIZED;
    if (!num_cvar)
        return MPI_T_ERR_INVALID;
    *num_cvar = CVARS;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_cvar_get_num, MPI_T_cvar_get_num);

// At most *length bytes with the terminator; *length becomes what the whole would need (15.3.3).
static void
give_string(const char *text, char *out, int *length)
{
    if (!length)
        return;
    if (out && *length > 0) {
        size_t n = min_size(strlen(text), (size_t)*length - 1);
        memcpy(out, text, n);
        out[n] = '\0';
    }
    *length = (int)strlen(text) + 1;
}

static void
give_int(int value, int *out)
{
    if (out)
        *out = value;
}

int
PMPI_T_cvar_get_info(int cvar_index, char *name, int *name_len, int *verbosity,
                     MPI_Datatype *datatype, MPI_T_enum *enumtype, char *desc, int *desc_len,
                     int *bind, int *scope)
{
    if (off())
        return MPI_T_ERR_NOT_INITIALIZED;
    if (cvar_index < 0 || cvar_index >= CVARS)
        return MPI_T_ERR_INVALID_INDEX;
    const struct cvar *cvar = &cvars[cvar_index];
    give_string(cvar->name, name, name_len);
    give_string(cvar->text, desc, desc_len);
    give_int(MPI_T_VERBOSITY_TUNER_DETAIL, verbosity);
    give_int(MPI_T_BIND_NO_OBJECT, bind);
    give_int(MPI_T_SCOPE_LOCAL, scope);
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
    if (off())
        return MPI_T_ERR_NOT_INITIALIZED;
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

/* A handle is the variable's index + 1: variables are bound to no object, so all handles of one are
 * alike. */
static const struct cvar *
cvar_of(MPI_T_cvar_handle handle)
{
    uintptr_t i = (uintptr_t)handle;
    return i >= 1 && i <= (uintptr_t)CVARS ? &cvars[i - 1] : NULL;
}

int
PMPI_T_cvar_handle_alloc(int cvar_index, void *obj_handle, MPI_T_cvar_handle *handle, int *count)
{
    (void)obj_handle;
    if (off())
        return MPI_T_ERR_NOT_INITIALIZED;
    if (cvar_index < 0 || cvar_index >= CVARS)
        return MPI_T_ERR_INVALID_INDEX;
    if (!handle || !count)
        return MPI_T_ERR_INVALID;
    *handle = (MPI_T_cvar_handle)(uintptr_t)(cvar_index + 1);
    *count = 1;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_cvar_handle_alloc, MPI_T_cvar_handle_alloc);

int
PMPI_T_cvar_handle_free(MPI_T_cvar_handle *handle)
{
    if (off())
        return MPI_T_ERR_NOT_INITIALIZED;
    if (!handle || !cvar_of(*handle))
        return MPI_T_ERR_INVALID_HANDLE;
    *handle = MPI_T_CVAR_HANDLE_NULL;
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_cvar_handle_free, MPI_T_cvar_handle_free);

static int
cvar_move(MPI_T_cvar_handle handle, void *to, const void *from)
{
    const struct cvar *cvar = cvar_of(handle);
    if (off())
        return MPI_T_ERR_NOT_INITIALIZED;
    if (!cvar)
        return MPI_T_ERR_INVALID_HANDLE;
    if (!to && !from)
        return MPI_T_ERR_INVALID;
    engine_lock();
    memcpy(to ? to : cvar->value, to ? cvar->value : from, cvar->size);
    engine_unlock();
    return MPI_SUCCESS;
}

int
PMPI_T_cvar_read(MPI_T_cvar_handle handle, void *buf)
{
    return cvar_move(handle, buf, NULL);
}
weak_alias(PMPI_T_cvar_read, MPI_T_cvar_read);

int
PMPI_T_cvar_write(MPI_T_cvar_handle handle, const void *buf)
{
    return cvar_move(handle, NULL, buf);
}
weak_alias(PMPI_T_cvar_write, MPI_T_cvar_write);

// There are no performance variables and no categories.
static int
give_none(int *number)
{
    if (off())
        return MPI_T_ERR_NOT_INITIALIZED;
    if (!number)
        return MPI_T_ERR_INVALID;
    *number = 0;
    return MPI_SUCCESS;
}

int
PMPI_T_pvar_get_num(int *num_pvar)
{
    return give_none(num_pvar);
}
weak_alias(PMPI_T_pvar_get_num, MPI_T_pvar_get_num);

int
PMPI_T_category_get_num(int *num_cat)
{
    return give_none(num_cat);
}
weak_alias(PMPI_T_category_get_num, MPI_T_category_get_num);
