// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Ports (MPI 5.0, 11.9.2). */

#include "core/check.h"
#include "dyn/dyn.h"
#include "shm/arena.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define NAME_FORMAT "muster:%llx:%llx:%llx:%llx" // job, rank, id, place

static_assert(WIRE_PORT_MAX <= MPI_MAX_PORT_NAME, "the user has room for it");

uint64_t
port_id(void)
{
    return (context_shared(1) & (CONTEXT_SHARED - 1)) | 1;
}

int
port_parse(const char *name, struct port *port)
{
    unsigned long long job, rank, id, at;
    int end = 0, err = check_pointer(name, "port_name");
    if (err)
        return err;
    if (sscanf(name, NAME_FORMAT "%n", &job, &rank, &id, &at, &end) != 4 || name[end] || !job ||
        job >> JOB_BITS || rank >= MAX_RANKS || !(id & 1) || id >> 61 || !at || at % CACHE_LINE)
        return error_new(MPI_ERR_PORT, "\"%.100s\" is not the name of a port", name);
    *port = (struct port){{job, (int64_t)rank}, id, at};
    return MPI_SUCCESS;
}

static _Atomic uint64_t *
port_word(struct segment *seg, uint64_t at)
{
    return at >= seg->heap_at && at < seg->size ? (_Atomic uint64_t *)segment_at(seg, at) : NULL;
}

static int
gone(const struct port *port)
{
    return error_new(MPI_ERR_PORT,
                     "the port is closed, or its owner (process %lld of its job) gone",
                     (long long)port->owner.rank);
}

int
port_check(const struct port *port)
{
    struct segment *seg;
    int err = jobs_segment(port->owner.job, &seg);
    if (err)
        return err;
    if (port->owner.rank >= (int64_t)seg->nranks)
        return gone(port);
    struct rank_block *block = segment_rank(seg, (int)port->owner.rank);
    int32_t pid = atomic_load_explicit(&block->pid, memory_order_relaxed);
    if (atomic_load_explicit(&block->ended, memory_order_relaxed) ||
        (pid && kill(pid, 0) != 0 && errno == ESRCH))
        return gone(port);
    if (!port->at)
        return MPI_SUCCESS; // of a spawner, always open
    _Atomic uint64_t *word = port_word(seg, port->at);
    return word && atomic_load_explicit(word, memory_order_relaxed) == port->id ? MPI_SUCCESS
                                                                                : gone(port);
}

static int
open_port(MPI_Info info, char *name)
{
    char why[200];
    int err = check_pointer(name, "port_name");
    if (!err)
        err = info_check(info);
    if (err || (err = engine_failed()) || (err = jobs_home()))
        return err;
    uint64_t at = arena_alloc(engine.seg, CACHE_LINE, why, sizeof why), id = port_id();
    if (!at)
        return error_new(MPI_ERR_NO_MEM, "%s", why);
    atomic_store_explicit(port_word(engine.seg, at), id, memory_order_relaxed);
    snprintf(name, MPI_MAX_PORT_NAME, NAME_FORMAT, (unsigned long long)engine.seg->job,
             (unsigned long long)engine.rank, (unsigned long long)id, (unsigned long long)at);
    return MPI_SUCCESS;
}

int
PMPI_Open_port(MPI_Info info, char *port_name)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = open_port(info, port_name);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Open_port", err);
}
weak_alias(PMPI_Open_port, MPI_Open_port);

// Who has knocked and waits looks at the word; those of other jobs look from time to time.
static int
close_port(const char *name)
{
    struct port port;
    int err = port_parse(name, &port);
    if (err)
        return err;
    if (!engine.seg || port.owner.job != engine.seg->job || port.owner.rank != engine.rank)
        return error_new(MPI_ERR_PORT, "another process has opened the port (%lld of job %llx)",
                         (long long)port.owner.rank, (unsigned long long)port.owner.job);
    if ((err = port_check(&port)))
        return err;
    atomic_store_explicit(port_word(engine.seg, port.at), 0, memory_order_relaxed);
    segment_ring_all_bells(engine.seg);
    arena_free(engine.seg, port.at);
    return MPI_SUCCESS;
}

int
PMPI_Close_port(const char *port_name)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = close_port(port_name);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Close_port", err);
}
weak_alias(PMPI_Close_port, MPI_Close_port);
