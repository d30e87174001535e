// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The names that a job has published (MPI_Publish_name). Each has a socket of its own, where
 * processes of any job of this user ask for it. */
#ifndef MUSTER_LAUNCHER_NAMES_H
#define MUSTER_LAUNCHER_NAMES_H

#include "boot/wire.h"

struct published {
    char name[WIRE_NAME_MAX], port[WIRE_PORT_MAX];
    int listener;
    struct published *next;
};

/* Publish; *listener is the new socket. */
enum wire_answer names_publish(struct published **names, const struct wire_request *request,
                               int *listener);

enum wire_answer names_unpublish(struct published **names, const struct wire_request *request);

/* The port of the name, in the reply. */
enum wire_answer names_look_up(const struct published *names, const struct wire_request *request,
                               struct wire_reply *reply);

#endif
