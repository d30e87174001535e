// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What processes ask of launchers, their own or those of other jobs, over abstract unix sockets
 * (wire.h). Both sides look at the other's user id. */
#ifndef MUSTER_BOOT_ASK_H
#define MUSTER_BOOT_ASK_H

#include "boot/wire.h"

#define ASK_TAKEN   (-1) // the name is published already
#define ASK_UNKNOWN (-2) // no such name
#define ASK_REFUSED (-3) // the launcher does not know what is asked for, or belongs to another user

/* Connect to the launcher of a job, or to whoever answers for a service; -1 with errno, or with 0
 * when it belongs to another user. */
int ask_connect_job(uint64_t job);

/* The address of a service's name: its length. */
struct sockaddr_un;
unsigned ask_name_address(struct sockaddr_un *address, const char *service);

/* Send a request and take the answer, an enum wire_answer or -1, and the descriptor that comes with
 * it (*fd, if fd is not NULL; -1: none). */
int ask(int connection, const struct wire_request *request, struct wire_reply *reply, int *fd);

/* The following return 0, an errno value, or one of the above. */
int ask_segment(uint64_t job, int *fd);
int ask_publish(uint64_t job, const char *service, const char *port);
int ask_unpublish(uint64_t job, const char *service);
int ask_lookup(const char *service, char port[WIRE_PORT_MAX]);

const char *ask_text(int err);
void ask_close(int fd);

#endif
