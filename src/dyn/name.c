// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Published names (MPI 5.0, 11.9.4). The launcher of the publisher's job answers for them, on a
 * socket whose name is made of the user id and the service's: so any job of the same user finds
 * them, and they go when their job goes. */

#include "boot/ask.h"
#include "core/check.h"
#include "dyn/dyn.h"

#include <stdio.h>
#include <string.h>

static int
check_service(const char *service, MPI_Info info)
{
    int err = check_pointer(service, "service_name");
    if (!err && (!service[0] || strnlen(service, WIRE_NAME_MAX) == WIRE_NAME_MAX))
        err = error_new(MPI_ERR_SERVICE, "a service's name has 1 to %d characters",
                        WIRE_NAME_MAX - 1);
    return err ? err : info_check(info);
}

// Any text but an empty one: what it means is between those who publish and look up.
static int
check_name(const char *name)
{
    int err = check_pointer(name, "port_name");
    if (!err && (!name[0] || strnlen(name, WIRE_PORT_MAX) == WIRE_PORT_MAX))
        err =
            error_new(MPI_ERR_PORT, "the name of a port has 1 to %d characters", WIRE_PORT_MAX - 1);
    return err;
}

static int
publish(const char *service, MPI_Info info, const char *name)
{
    int err = check_service(service, info);
    if (!err)
        err = check_name(name);
    if (err || (err = jobs_home()))
        return err;
    int failed = ask_publish(engine.seg->job, service, name);
    return failed ? error_new(MPI_ERR_SERVICE, "cannot publish \"%.100s\": %s", service,
                              ask_text(failed))
                  : MPI_SUCCESS;
}

int
PMPI_Publish_name(const char *service_name, MPI_Info info, const char *port_name)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = publish(service_name, info, port_name);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Publish_name", err);
}
weak_alias(PMPI_Publish_name, MPI_Publish_name);

static int
unpublish(const char *service, MPI_Info info, const char *name)
{
    int err = check_service(service, info);
    if (err || (err = check_name(name)))
        return err;
    int failed = engine.seg ? ask_unpublish(engine.seg->job, service) : ASK_UNKNOWN;
    return failed ? error_new(MPI_ERR_SERVICE, "this job has not published \"%.100s\": %s", service,
                              ask_text(failed))
                  : MPI_SUCCESS;
}

int
PMPI_Unpublish_name(const char *service_name, MPI_Info info, const char *port_name)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = unpublish(service_name, info, port_name);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Unpublish_name", err);
}
weak_alias(PMPI_Unpublish_name, MPI_Unpublish_name);

static int
look_up(const char *service, MPI_Info info, char *name)
{
    char port[WIRE_PORT_MAX];
    int err = check_service(service, info);
    if (err || (err = check_pointer(name, "port_name")))
        return err;
    int failed = ask_lookup(service, port);
    if (failed)
        return error_new(MPI_ERR_NAME, "\"%.100s\" is not published: %s", service,
                         ask_text(failed));
    snprintf(name, MPI_MAX_PORT_NAME, "%s", port);
    return MPI_SUCCESS;
}

int
PMPI_Lookup_name(const char *service_name, MPI_Info info, char *port_name)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = look_up(service_name, info, port_name);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Lookup_name", err);
}
weak_alias(PMPI_Lookup_name, MPI_Lookup_name);
