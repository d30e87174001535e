// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Comm_accept and MPI_Comm_connect (MPI 5.0, 11.9.2). */

#include "core/check.h"
#include "dyn/dyn.h"

#include <stdlib.h>

// Of a connection that nobody accepts (11.9.2), unless the info says otherwise.
#define TIMEOUT "60"

struct connection {
    const char *port;
    MPI_Info info;
    int root;
    MPI_Comm comm, *newcomm;
    bool knock;
};

// What counts at the root alone.
static int
find_port(const struct connection *c, struct port *port)
{
    int err = port_parse(c->port, port);
    if (!err)
        err = info_check(c->info);
    if (err || (err = jobs_home()))
        return err;
    if (!c->knock && (port->owner.job != engine.seg->job || port->owner.rank != engine.rank))
        return error_new(MPI_ERR_PORT,
                         "the root has not opened the port: that did process %lld of job %llx",
                         (long long)port->owner.rank, (unsigned long long)port->owner.job);
    return c->knock ? MPI_SUCCESS : port_check(port);
}

// The key "timeout", in seconds.
static int
find_timeout(const struct connection *c, uint64_t *timeout)
{
    const char *text = info_get(c->info, "timeout");
    char *end;
    double seconds = strtod(text ? text : TIMEOUT, &end);
    if (*end || !(seconds > 0) || seconds > 1e9)
        return error_new(MPI_ERR_INFO_VALUE, "timeout is \"%.40s\", not a number of seconds", text);
    *timeout = (uint64_t)(seconds * 1e9);
    return MPI_SUCCESS;
}

static int
find_at_root(const struct connection *c, struct port *port, uint64_t *timeout)
{
    int err = find_port(c, port);
    return err || !c->knock ? err : find_timeout(c, timeout);
}

static int
connect_groups(const struct connection *c)
{
    struct port port;
    struct meet m = {.op = c->knock ? "MPI_Comm_connect" : "MPI_Comm_accept",
                     .kind = c->knock ? COLL_COMM_CONNECT : COLL_COMM_ACCEPT,
                     .root = c->root,
                     .port = &port,
                     .knock = c->knock};
    int err = dyn_comm(c->comm, c->root, &m.local);
    if (err || (err = check_pointer(c->newcomm, "newcomm")) || (err = engine_failed()))
        return err;
    comm_hold(m.local);
    err = m.local->rank == c->root ? find_at_root(c, &port, &m.timeout) : MPI_SUCCESS;
    err = dyn_meet(&m, err, c->newcomm);
    comm_release(m.local);
    return err;
}

int
PMPI_Comm_accept(const char *port_name, MPI_Info info, int root, MPI_Comm comm, MPI_Comm *newcomm)
{
    struct connection c = {port_name, info, root, comm, newcomm, false};
    int err = engine_enter();
    if (likely(!err)) {
        err = connect_groups(&c);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_accept", err);
}
weak_alias(PMPI_Comm_accept, MPI_Comm_accept);

int
PMPI_Comm_connect(const char *port_name, MPI_Info info, int root, MPI_Comm comm, MPI_Comm *newcomm)
{
    struct connection c = {port_name, info, root, comm, newcomm, true};
    int err = engine_enter();
    if (likely(!err)) {
        err = connect_groups(&c);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_connect", err);
}
weak_alias(PMPI_Comm_connect, MPI_Comm_connect);
