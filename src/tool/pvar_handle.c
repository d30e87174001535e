// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Sessions and handles of performance variables (MPI 5.0, 15.3.7).
 *
 * The engine's counters run always and belong to all; a handle remembers what they were when it was
 * started and adds the difference. Of a highest level the engine keeps one: before anybody lowers
 * it, each running handle of that variable takes what it says.
 */

#include "info/info.h"
#include "tool/tool.h"

#include <stdlib.h>
#include <string.h>

struct pvar_handle;

struct pvar_session {
    struct tool tool;
    struct pvar_session *next, **link;
    struct pvar_handle *handles;
};

struct pvar_handle {
    struct tool tool;
    struct pvar_session *session;
    struct pvar_handle *next, **link;
    const struct pvar *pvar;
    int count;
    bool running;
    uint64_t *kept; // [count] until it was stopped, or the highest level
    uint64_t *base; // [count] of the engine's counters, when it was started
    uint64_t one[2];
};
static_assert(sizeof(struct pvar_session) <= TOOL_SIZE && sizeof(struct pvar_handle) <= TOOL_SIZE,
              "fit");

static struct pvar_session *sessions; // under the engine's lock
static int timed;                     // running handles of muster_time_waited

/* ---- values ---- */

static bool
is_highest(const struct pvar_handle *h)
{
    return h->pvar->most != NULL;
}

// Let the running handles of a variable have what it has reached, and begin anew.
static void
level_begin(const struct pvar *pvar)
{
    uint64_t most = tally_value(pvar->most);
    for (struct pvar_session *s = sessions; s; s = s->next)
        for (struct pvar_handle *h = s->handles; h; h = h->next)
            if (h->running && h->pvar == pvar && h->kept[0] < most)
                h->kept[0] = most;
    atomic_store_explicit(pvar->most, pvar->value(0), memory_order_relaxed);
}

// When the variable itself is `now`.
static uint64_t
value_at(const struct pvar_handle *h, int i, uint64_t now)
{
    if (pvar_is_view(h->pvar))
        return now;
    if (!h->running)
        return h->kept[i];
    if (!is_highest(h))
        return h->kept[i] + (now - h->base[i]);
    uint64_t most = tally_value(h->pvar->most);
    return most > h->kept[0] ? most : h->kept[0];
}

// From now on, with `value` so far.
static void
value_begin(struct pvar_handle *h, int i, uint64_t value, uint64_t now)
{
    h->kept[i] = value;
    h->base[i] = now;
}

// A highest level starts with what the level is.
static void
value_reset(struct pvar_handle *h, int i, uint64_t now)
{
    value_begin(h, i, is_highest(h) ? now : 0, now);
}

static void
value_give(const struct pvar_handle *h, void *buffer, int i, uint64_t value)
{
    if (h->pvar->nanoseconds)
        ((double *)buffer)[i] = (double)value * 1e-9;
    else if (h->pvar->type == MPI_INT)
        ((int *)buffer)[i] = (int)value;
    else
        ((uint64_t *)buffer)[i] = value;
}

static uint64_t
value_taken(const struct pvar_handle *h, const void *buffer, int i)
{
    if (!h->pvar->nanoseconds)
        return ((const uint64_t *)buffer)[i];
    double seconds = ((const double *)buffer)[i];
    return seconds > 0 && seconds < 1e10 ? (uint64_t)(seconds * 1e9) : 0;
}

/* ---- starting and stopping ---- */

// Yields are timed only while somebody wants to know.
static void
time_yields(const struct pvar_handle *h, int change)
{
    if (!h->pvar->nanoseconds)
        return;
    timed += change;
    atomic_store_explicit(&engine.counters.timed, timed > 0, memory_order_relaxed);
}

static int
start(struct pvar_handle *h)
{
    if (pvar_is_view(h->pvar))
        return MPI_T_ERR_PVAR_NO_STARTSTOP;
    if (h->running)
        return MPI_SUCCESS;
    if (is_highest(h)) {
        level_begin(h->pvar);
        uint64_t now = h->pvar->value(0);
        h->kept[0] = h->kept[0] > now ? h->kept[0] : now;
    }
    for (int i = 0; i < h->count; i++)
        value_begin(h, i, h->kept[i], h->pvar->value(i));
    h->running = true;
    time_yields(h, 1);
    return MPI_SUCCESS;
}

static int
stop(struct pvar_handle *h)
{
    if (pvar_is_view(h->pvar))
        return MPI_T_ERR_PVAR_NO_STARTSTOP;
    if (!h->running)
        return MPI_SUCCESS;
    for (int i = 0; i < h->count; i++)
        h->kept[i] = value_at(h, i, h->pvar->value(i));
    h->running = false;
    time_yields(h, -1);
    return MPI_SUCCESS;
}

static int
reset(struct pvar_handle *h)
{
    if (pvar_is_view(h->pvar))
        return MPI_T_ERR_PVAR_NO_WRITE;
    if (is_highest(h))
        level_begin(h->pvar);
    for (int i = 0; i < h->count; i++)
        value_reset(h, i, h->pvar->value(i));
    return MPI_SUCCESS;
}

/* ---- sessions ---- */

static void
handle_end(struct pvar_handle *h)
{
    if (!pvar_is_view(h->pvar))
        stop(h);
    *h->link = h->next;
    if (h->next)
        h->next->link = h->link;
    if (h->kept != h->one)
        free(h->kept);
    tool_free(h);
}

static void
pvar_session_end(struct pvar_session *s)
{
    while (s->handles)
        handle_end(s->handles);
    *s->link = s->next;
    if (s->next)
        s->next->link = s->link;
    tool_free(s);
}

void
pvar_end_all(void)
{
    while (sessions)
        pvar_session_end(sessions);
}

static int
session_create(MPI_T_pvar_session *session)
{
    struct pvar_session *s = session ? tool_alloc(TOOL_SESSION) : NULL;
    if (!s)
        return session ? MPI_T_ERR_OUT_OF_SESSIONS : MPI_T_ERR_INVALID;
    s->next = sessions;
    s->link = &sessions;
    if (s->next)
        s->next->link = &s->next;
    sessions = s;
    *session = tool_handle(s);
    return MPI_SUCCESS;
}

int
PMPI_T_pvar_session_create(MPI_T_pvar_session *pe_session)
{
    int err = tool_enter();
    if (err)
        return err;
    err = session_create(pe_session);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_pvar_session_create, MPI_T_pvar_session_create);

int
PMPI_T_pvar_session_free(MPI_T_pvar_session *pe_session)
{
    int err = tool_enter();
    if (err)
        return err;
    struct pvar_session *s = pe_session ? tool_get(TOOL_SESSION, *pe_session) : NULL;
    if (s) {
        pvar_session_end(s);
        *pe_session = MPI_T_PVAR_SESSION_NULL;
    }
    tool_leave();
    return s ? MPI_SUCCESS : MPI_T_ERR_INVALID_SESSION;
}
weak_alias(PMPI_T_pvar_session_free, MPI_T_pvar_session_free);

/* ---- handles ---- */

static int
handle_new(struct pvar_session *s, const struct pvar *pvar, struct pvar_handle **handle)
{
    int count = pvar->per_peer ? info_job_size() : 1;
    struct pvar_handle *h = tool_alloc(TOOL_PVAR);
    if (!h)
        return MPI_T_ERR_OUT_OF_HANDLES;
    h->kept = count > 1 ? calloc(2 * (size_t)count, sizeof *h->kept) : h->one;
    if (!h->kept) {
        tool_free(h);
        return MPI_T_ERR_OUT_OF_HANDLES;
    }
    h->base = h->kept + count;
    h->count = count;
    h->pvar = pvar;
    h->session = s;
    h->next = s->handles;
    h->link = &s->handles;
    if (h->next)
        h->next->link = &h->next;
    *handle = s->handles = h;
    return MPI_SUCCESS;
}

static int
handle_alloc(MPI_T_pvar_session session, int index, MPI_T_pvar_handle *handle, int *count)
{
    struct pvar_session *s = tool_get(TOOL_SESSION, session);
    const struct pvar *pvar = pvar_at(index);
    struct pvar_handle *h;
    if (!s)
        return MPI_T_ERR_INVALID_SESSION;
    if (!pvar)
        return MPI_T_ERR_INVALID_INDEX;
    if (!handle || !count)
        return MPI_T_ERR_INVALID;
    int err = handle_new(s, pvar, &h);
    if (err)
        return err;
    *handle = tool_handle(h);
    *count = h->count;
    return MPI_SUCCESS;
}

int
PMPI_T_pvar_handle_alloc(MPI_T_pvar_session pe_session, int pvar_index, void *obj_handle,
                         MPI_T_pvar_handle *handle, int *count)
{
    (void)obj_handle; // no variable is bound to one
    int err = tool_enter();
    if (err)
        return err;
    err = handle_alloc(pe_session, pvar_index, handle, count);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_pvar_handle_alloc, MPI_T_pvar_handle_alloc);

// A handle belongs to one pvar session.
static int
handle_find(MPI_T_pvar_session session, MPI_T_pvar_handle handle, struct pvar_handle **h)
{
    struct pvar_session *s = tool_get(TOOL_SESSION, session);
    *h = tool_get(TOOL_PVAR, handle);
    if (!s)
        return MPI_T_ERR_INVALID_SESSION;
    return *h && (*h)->session == s ? MPI_SUCCESS : MPI_T_ERR_INVALID_HANDLE;
}

int
PMPI_T_pvar_handle_free(MPI_T_pvar_session pe_session, MPI_T_pvar_handle *handle)
{
    struct pvar_handle *h;
    int err = tool_enter();
    if (err)
        return err;
    err = handle_find(pe_session, handle ? *handle : MPI_T_PVAR_HANDLE_NULL, &h);
    if (!err) {
        handle_end(h);
        *handle = MPI_T_PVAR_HANDLE_NULL;
    }
    tool_leave();
    return err;
}
weak_alias(PMPI_T_pvar_handle_free, MPI_T_pvar_handle_free);

/* ---- what is done to one, or to all of a session ---- */

// Of all, those that it cannot be done to are left alone.
static int
each(MPI_T_pvar_session session, MPI_T_pvar_handle handle, int (*verb)(struct pvar_handle *h))
{
    struct pvar_session *s = tool_get(TOOL_SESSION, session);
    struct pvar_handle *h;
    if (s && handle == MPI_T_PVAR_ALL_HANDLES) {
        for (h = s->handles; h; h = h->next)
            verb(h);
        return MPI_SUCCESS;
    }
    int err = handle_find(session, handle, &h);
    return err ? err : verb(h);
}

int
PMPI_T_pvar_start(MPI_T_pvar_session pe_session, MPI_T_pvar_handle handle)
{
    int err = tool_enter();
    if (err)
        return err;
    err = each(pe_session, handle, start);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_pvar_start, MPI_T_pvar_start);

int
PMPI_T_pvar_stop(MPI_T_pvar_session pe_session, MPI_T_pvar_handle handle)
{
    int err = tool_enter();
    if (err)
        return err;
    err = each(pe_session, handle, stop);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_pvar_stop, MPI_T_pvar_stop);

int
PMPI_T_pvar_reset(MPI_T_pvar_session pe_session, MPI_T_pvar_handle handle)
{
    int err = tool_enter();
    if (err)
        return err;
    err = each(pe_session, handle, reset);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_pvar_reset, MPI_T_pvar_reset);

static int
give(MPI_T_pvar_session session, MPI_T_pvar_handle handle, void *buffer, bool and_reset)
{
    struct pvar_handle *h;
    int err = handle_find(session, handle, &h);
    if (err)
        return err;
    if (!buffer)
        return MPI_T_ERR_INVALID;
    if (and_reset && pvar_is_view(h->pvar))
        return MPI_T_ERR_PVAR_NO_ATOMIC;
    uint64_t highest = is_highest(h) ? value_at(h, 0, 0) : 0;
    if (and_reset && is_highest(h))
        level_begin(h->pvar);
    for (int i = 0; i < h->count; i++) {
        uint64_t now = h->pvar->value(i); // once: what comes after it is not lost
        value_give(h, buffer, i, is_highest(h) ? highest : value_at(h, i, now));
        if (and_reset)
            value_reset(h, i, now);
    }
    return MPI_SUCCESS;
}

int
PMPI_T_pvar_read(MPI_T_pvar_session pe_session, MPI_T_pvar_handle handle, void *buf)
{
    int err = tool_enter();
    if (err)
        return err;
    err = give(pe_session, handle, buf, false);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_pvar_read, MPI_T_pvar_read);

int
PMPI_T_pvar_readreset(MPI_T_pvar_session pe_session, MPI_T_pvar_handle handle, void *buf)
{
    int err = tool_enter();
    if (err)
        return err;
    err = give(pe_session, handle, buf, true);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_pvar_readreset, MPI_T_pvar_readreset);

static int
take(MPI_T_pvar_session session, MPI_T_pvar_handle handle, const void *buffer)
{
    struct pvar_handle *h;
    int err = handle_find(session, handle, &h);
    if (err)
        return err;
    if (pvar_is_view(h->pvar))
        return MPI_T_ERR_PVAR_NO_WRITE;
    if (!buffer)
        return MPI_T_ERR_INVALID;
    if (is_highest(h))
        level_begin(h->pvar);
    for (int i = 0; i < h->count; i++)
        value_begin(h, i, value_taken(h, buffer, i), h->pvar->value(i));
    return MPI_SUCCESS;
}

int
PMPI_T_pvar_write(MPI_T_pvar_session pe_session, MPI_T_pvar_handle handle, const void *buf)
{
    int err = tool_enter();
    if (err)
        return err;
    err = take(pe_session, handle, buf);
    tool_leave();
    return err;
}
weak_alias(PMPI_T_pvar_write, MPI_T_pvar_write);
