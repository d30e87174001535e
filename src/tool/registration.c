// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Registrations for events, their callbacks, and the events that these are given (MPI 5.0, 15.3.8).
 *
 * Callbacks run between calls of the engine (core/event.h), so that they may do anything: each is
 * called with MPI_T_CB_REQUIRE_NONE. Of the functions that a registration has for several levels of
 * safety it is the one for the lowest.
 *
 * One thread at a time gives events out. For each event it goes through the registrations from the
 * start until none is left that has not had it (`seen`), because a callback may free any of them. A
 * registration that is freed while its callback runs ends when that returns.
 */

#include "info/info.h"
#include "tool/tool.h"

#include <string.h>

#define LEVELS 4 // enum MPI_T_cb_safety

struct callback {
    MPI_T_event_cb_function *function; // NULL: none
    void *data;
};

struct registration {
    struct tool tool;
    struct registration *next, **link;
    enum event_kind kind;
    struct callback callbacks[LEVELS];
    MPI_T_event_dropped_cb_function *dropped_function;
    uint64_t seen;    // the last event that it has had, or that was before it
    uint64_t dropped; // what it has been told of, or what was before it
    bool running;     // its callback
    bool freed;       // ends with it
    MPI_T_event_free_cb_function *free_function;
    void *free_data;
};

struct instance {
    struct tool tool;
    struct event event;
};
static_assert(sizeof(struct registration) <= TOOL_SIZE && sizeof(struct instance) <= TOOL_SIZE,
              "fit");

static struct registration *registrations; // under the engine's lock

/* ---- registrations ---- */

static int
level_of(MPI_T_cb_safety safety)
{
    switch ((int)safety) {
    case MPI_T_CB_REQUIRE_NONE:
        return 0;
    case MPI_T_CB_REQUIRE_MPI_RESTRICTED:
        return 1;
    case MPI_T_CB_REQUIRE_THREAD_SAFE:
        return 2;
    case MPI_T_CB_REQUIRE_ASYNC_SIGNAL_SAFE:
        return 3;
    default:
        return -1;
    }
}

static struct callback *
callback_of(struct registration *r)
{
    for (int i = 0; i < LEVELS; i++)
        if (r->callbacks[i].function)
            return &r->callbacks[i];
    return NULL;
}

static struct registration *
registration_get(MPI_T_event_registration handle)
{
    struct registration *r = tool_get(TOOL_REGISTRATION, handle);
    return r && !r->freed ? r : NULL;
}

static void
registration_end(struct registration *r)
{
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    tool_free(r);
}

// Which kinds the engine has to keep.
static void
say_what_is_wanted(void)
{
    uint32_t wanted = 0;
    for (struct registration *r = registrations; r; r = r->next)
        if (!r->freed && callback_of(r))
            wanted |= 1u << r->kind;
    atomic_store_explicit(&engine.events_wanted, wanted, memory_order_relaxed);
}

void
event_end_all(void)
{
    for (struct registration *r = registrations, *next; r; r = next) {
        next = r->next;
        r->freed = true;
        r->free_function = NULL;
        if (!r->running)
            registration_end(r);
    }
    say_what_is_wanted();
}

/* ---- giving events out ---- */

static struct registration *
next_for(const struct event *event)
{
    for (struct registration *r = registrations; r; r = r->next)
        if (!r->freed && r->kind == event->kind && r->seen < event->number)
            return r;
    return NULL;
}

static void
tell_dropped(struct registration *r, const struct callback *callback)
{
    uint64_t count = events_dropped(r->kind) - r->dropped;
    MPI_T_event_dropped_cb_function *function = r->dropped_function;
    MPI_T_event_registration handle = tool_handle(r);
    void *data = callback->data;
    r->dropped += count;
    if (!count || !function)
        return;
    engine_unlock();
    function((MPI_Count)count, handle, 0, MPI_T_CB_REQUIRE_NONE, data);
    engine_lock();
}

static void
tell_event(struct registration *r, const struct event *event, const struct callback *callback)
{
    struct callback call = *callback;
    MPI_T_event_registration handle = tool_handle(r);
    struct instance *instance = tool_alloc(TOOL_INSTANCE);
    if (!instance)
        return;
    instance->event = *event;
    engine_unlock();
    call.function(tool_handle(instance), handle, MPI_T_CB_REQUIRE_NONE, call.data);
    engine_lock();
    tool_free(instance);
}

// Under the lock, which is given away while the callbacks run.
static void
tell(struct registration *r, const struct event *event)
{
    struct callback *callback = callback_of(r);
    r->seen = event->number;
    if (!callback)
        return;
    r->running = true;
    tell_dropped(r, callback);
    if (!r->freed && (callback = callback_of(r)))
        tell_event(r, event, callback);
    r->running = false;
    if (!r->freed)
        return;
    MPI_T_event_free_cb_function *function = r->free_function;
    MPI_T_event_registration handle = tool_handle(r);
    void *data = r->free_data;
    registration_end(r);
    if (!function)
        return;
    engine_unlock();
    function(handle, MPI_T_CB_REQUIRE_NONE, data);
    engine_lock();
}

// Those that waited when it began: what callbacks cause waits for the next time.
static void
give_out(void)
{
    struct event event;
    engine_lock();
    if (!atomic_load_explicit(&engine.events_giving, memory_order_relaxed)) {
        atomic_store_explicit(&engine.events_giving, true, memory_order_relaxed);
        for (uint64_t last = events_last(), at = 0; at < last && event_pop(&event);) {
            at = event.number;
            for (struct registration *r; (r = next_for(&event));)
                tell(r, &event);
        }
        atomic_store_explicit(&engine.events_giving, false, memory_order_relaxed);
    }
    engine_unlock();
}

/* ---- registering ---- */

static int
handle_alloc(int index, MPI_Info info, MPI_T_event_registration *handle)
{
    struct info *hints;
    if (!event_type_at(index))
        return MPI_T_ERR_INVALID_INDEX;
    if (!handle || (info != MPI_INFO_NULL && info_find(info, &hints)))
        return MPI_T_ERR_INVALID;
    struct registration *r = tool_alloc(TOOL_REGISTRATION);
    if (!r)
        return MPI_T_ERR_OUT_OF_HANDLES;
    r->kind = (enum event_kind)index;
    r->next = registrations;
    r->link = &registrations;
    if (r->next)
        r->next->link = &r->next;
    registrations = r;
    *handle = tool_handle(r);
    return MPI_SUCCESS;
}

int
PMPI_T_event_handle_alloc(int event_index, void *obj_handle, MPI_Info info,
                          MPI_T_event_registration *event_registration)
{
    (void)obj_handle; // no event is bound to one
    int err = tool_enter();
    if (err)
        return err;
    err = handle_alloc(event_index, info, event_registration);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_event_handle_alloc, MPI_T_event_handle_alloc);

static int
callback_set(MPI_T_event_registration handle, MPI_T_cb_safety safety, MPI_Info info,
             struct callback callback)
{
    struct registration *r = registration_get(handle);
    struct info *hints;
    int level = level_of(safety);
    if (!r)
        return MPI_T_ERR_INVALID_HANDLE;
    if (level < 0 || (info != MPI_INFO_NULL && info_find(info, &hints)))
        return MPI_T_ERR_INVALID;
    if (!callback_of(r)) { // what was before is not for it
        r->seen = events_last();
        r->dropped = events_dropped(r->kind);
    }
    r->callbacks[level] = callback;
    if (!engine.event_hook) // once: others read it without the lock
        engine.event_hook = give_out;
    say_what_is_wanted();
    return MPI_SUCCESS;
}

int
PMPI_T_event_register_callback(MPI_T_event_registration event_registration,
                               MPI_T_cb_safety cb_safety, MPI_Info info, void *user_data,
                               MPI_T_event_cb_function event_cb_function)
{
    int err = tool_enter();
    if (err)
        return err;
    struct callback callback = {event_cb_function, user_data};
    err = callback_set(event_registration, cb_safety, info, callback);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_event_register_callback, MPI_T_event_register_callback);

int
PMPI_T_event_set_dropped_handler(MPI_T_event_registration event_registration,
                                 MPI_T_event_dropped_cb_function dropped_cb_function)
{
    int err = tool_enter();
    if (err)
        return err;
    struct registration *r = registration_get(event_registration);
    if (r)
        r->dropped_function = dropped_cb_function;
    tool_leave();
    return r ? MPI_SUCCESS : MPI_T_ERR_INVALID_HANDLE;
}
weak_alias(PMPI_T_event_set_dropped_handler, MPI_T_event_set_dropped_handler);

// With its callback running, in this thread or another, it ends after that.
static int
handle_free(MPI_T_event_registration handle, void *data, MPI_T_event_free_cb_function function,
            bool *now)
{
    struct registration *r = registration_get(handle);
    if (!r)
        return MPI_T_ERR_INVALID_HANDLE;
    r->freed = true;
    r->free_function = function;
    r->free_data = data;
    say_what_is_wanted();
    if ((*now = !r->running))
        registration_end(r);
    return MPI_SUCCESS;
}

int
PMPI_T_event_handle_free(MPI_T_event_registration event_registration, void *user_data,
                         MPI_T_event_free_cb_function free_cb_function)
{
    bool now = false;
    int err = tool_enter();
    if (err)
        return err;
    err = handle_free(event_registration, user_data, free_cb_function, &now);
    tool_leave();
    if (now && free_cb_function)
        free_cb_function(event_registration, MPI_T_CB_REQUIRE_NONE, user_data);
    return err;
}
weak_alias(PMPI_T_event_handle_free, MPI_T_event_handle_free);

/* ---- hints: there are none ---- */

static int
take_hints(MPI_T_event_registration handle, MPI_T_cb_safety safety, MPI_Info info)
{
    struct info *hints;
    if (!registration_get(handle))
        return MPI_T_ERR_INVALID_HANDLE;
    if (level_of(safety) < 0 || (info != MPI_INFO_NULL && info_find(info, &hints)))
        return MPI_T_ERR_INVALID;
    return MPI_SUCCESS;
}

static int
give_hints(MPI_T_event_registration handle, MPI_T_cb_safety safety, MPI_Info *info)
{
    int err = take_hints(handle, safety, MPI_INFO_NULL);
    if (err)
        return err;
    if (!info)
        return MPI_T_ERR_INVALID;
    struct info *hints = info_new();
    if (!hints)
        return MPI_T_ERR_MEMORY;
    *info = (MPI_Info)handle_of(HANDLE_INFO, hints);
    return MPI_SUCCESS;
}

int
PMPI_T_event_handle_set_info(MPI_T_event_registration event_registration, MPI_Info info)
{
    int err = tool_enter();
    if (err)
        return err;
    err = take_hints(event_registration, MPI_T_CB_REQUIRE_NONE, info);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_event_handle_set_info, MPI_T_event_handle_set_info);

int
PMPI_T_event_handle_get_info(MPI_T_event_registration event_registration, MPI_Info *info_used)
{
    int err = tool_enter();
    if (err)
        return err;
    err = give_hints(event_registration, MPI_T_CB_REQUIRE_NONE, info_used);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_event_handle_get_info, MPI_T_event_handle_get_info);

int
PMPI_T_event_callback_set_info(MPI_T_event_registration event_registration,
                               MPI_T_cb_safety cb_safety, MPI_Info info)
{
    int err = tool_enter();
    if (err)
        return err;
    err = take_hints(event_registration, cb_safety, info);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_event_callback_set_info, MPI_T_event_callback_set_info);

int
PMPI_T_event_callback_get_info(MPI_T_event_registration event_registration,
                               MPI_T_cb_safety cb_safety, MPI_Info *info_used)
{
    int err = tool_enter();
    if (err)
        return err;
    err = give_hints(event_registration, cb_safety, info_used);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_event_callback_get_info, MPI_T_event_callback_get_info);

/* ---- what a callback asks of its event ---- */

static int
instance_find(MPI_T_event_instance handle, const void *out, struct event *event)
{
    int err = tool_enter();
    if (err)
        return err;
    struct instance *instance = tool_get(TOOL_INSTANCE, handle);
    if (!instance)
        err = MPI_T_ERR_INVALID_HANDLE;
    else if (!out)
        err = MPI_T_ERR_INVALID;
    else
        *event = instance->event;
    tool_leave();
    return err;
}

int
PMPI_T_event_read(MPI_T_event_instance event_instance, int element_index, void *buffer)
{
    struct event event;
    int err = instance_find(event_instance, buffer, &event);
    if (err)
        return err;
    const struct event_type *type = event_type_at((int)event.kind);
    if (element_index < 0 || element_index >= type->count)
        return MPI_T_ERR_INVALID_INDEX;
    struct event_data data = {.amount = event.amount, .rank = event.rank, .tag = event.tag};
    const struct event_element *element = &type->elements[element_index];
    size_t size = element->type == MPI_INT ? sizeof(int) : sizeof(uint64_t);
    memcpy(buffer, (const char *)&data + element->at, size);
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_event_read, MPI_T_event_read);

int
PMPI_T_event_copy(MPI_T_event_instance event_instance, void *buffer)
{
    struct event event;
    int err = instance_find(event_instance, buffer, &event);
    if (err)
        return err;
    struct event_data data = {.amount = event.amount, .rank = event.rank, .tag = event.tag};
    memcpy(buffer, &data, sizeof data);
    return MPI_SUCCESS;
}
weak_alias(PMPI_T_event_copy, MPI_T_event_copy);

int
PMPI_T_event_get_timestamp(MPI_T_event_instance event_instance, MPI_Count *event_timestamp)
{
    struct event event;
    int err = instance_find(event_instance, event_timestamp, &event);
    if (!err)
        *event_timestamp = (MPI_Count)event.time;
    return err;
}
weak_alias(PMPI_T_event_get_timestamp, MPI_T_event_get_timestamp);

int
PMPI_T_event_get_source(MPI_T_event_instance event_instance, int *source_index)
{
    struct event event;
    int err = instance_find(event_instance, source_index, &event);
    if (!err)
        *source_index = 0;
    return err;
}
weak_alias(PMPI_T_event_get_source, MPI_T_event_get_source);
