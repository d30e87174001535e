// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The tool interface (MPI 5.0, 15.3), shared by its files.
 *
 * Its functions return error codes and call no error handler (15.3.1). They work before MPI_Init
 * and after MPI_Finalize, in any thread, and run under the engine's lock. What an index names
 * stands in a table that never changes; what a handle names (sessions, handles of performance
 * variables, registrations, instances of events) are objects of one pool, so that a freed or wild
 * handle is told. A handle of a control variable is its index: none is bound to an object, so all
 * are alike.
 */
#ifndef MUSTER_TOOL_TOOL_H
#define MUSTER_TOOL_TOOL_H

#include "core/engine.h"

/* ---- the calls ---- */

/* Begin and end a call: MPI_SUCCESS with the lock held, or a code without it. */
int tool_enter(void);

static inline void
tool_leave(void)
{
    engine_leave_always();
}

/* The same for what needs no lock: MPI_SUCCESS or a code. */
int tool_usable(void);

/* At most *length bytes with the terminator; *length becomes what the whole would need (15.3.3).
 * Either may be NULL. */
void give_string(const char *text, char *out, int *length);

/* Into what may be NULL. */
static inline void
give_int(int value, int *out)
{
    if (out)
        *out = value;
}

/* ---- objects ---- */

enum tool_kind { TOOL_SESSION = 1, TOOL_PVAR, TOOL_REGISTRATION, TOOL_INSTANCE };

/* The first member of each. */
struct tool {
    struct object object;
    enum tool_kind kind;
};

#define TOOL_SIZE 192 // bytes of the largest

/* A zeroed object, or NULL. tool_free ends it and its handle. */
void *tool_alloc(enum tool_kind kind);
void tool_free(void *object);

/* The live object, or NULL for anything else. */
void *tool_get(enum tool_kind kind, const void *handle);

static inline void *
tool_handle(const void *object)
{
    return (void *)handle_of(HANDLE_TOOL, object);
}

/* The end of the tool interface frees what its user did not. */
void pvar_end_all(void);
void event_end_all(void);

/* ---- tables ---- */

/* What categories hold. */
enum tool_category {
    CATEGORY_ALL,
    CATEGORY_MESSAGES,
    CATEGORY_WAITING,
    CATEGORY_OBJECTS,
    CATEGORY_MEMORY,
    CATEGORIES
};

int cvar_number(void);
int pvar_number(void);
enum tool_category cvar_category(int i);
enum tool_category pvar_category(int i);
enum tool_category event_category(int i);

/* Where handles begin that are numbers: no small ones, which are easily made by mistake. */
#define CVAR_HANDLES UINT64_C(0x6376617200000000)
#define ENUM_HANDLES UINT64_C(0x656e756d00000000)

/* Enumerations: of MPI's states, then of each event's elements. */
enum { ENUM_STATE, ENUM_EVENTS };

static inline MPI_T_enum
enum_handle(int i)
{
    return (MPI_T_enum)(ENUM_HANDLES + (uintptr_t)i);
}

/* ---- performance variables (pvar.c) ---- */

struct pvar {
    const char *name, *text;
    int varclass;
    MPI_Datatype type;
    enum tool_category category;
    bool per_peer;            // an element for each rank of the job
    bool nanoseconds;         // read as seconds
    uint64_t (*value)(int i); // now; i: the element
    tally *most;              // of a HIGHWATERMARK
};

/* The variable, or NULL. */
const struct pvar *pvar_at(int index);

/* One that shows a value of the library as it is: it cannot be started, stopped or written. */
bool pvar_is_view(const struct pvar *pvar);

/* ---- events (event.c) ---- */

#define ELEMENTS 3

struct event_element {
    const char *name;
    MPI_Datatype type;
    size_t at; // in struct event_data
};

/* What MPI_T_event_copy gives. */
struct event_data {
    uint64_t amount;
    int rank, tag;
};

struct event_type {
    const char *name, *text;
    enum tool_category category;
    int verbosity;
    const struct event_element *elements; // [ELEMENTS]
    int count;
};

/* The type, or NULL. */
const struct event_type *event_type_at(int index);

#endif
