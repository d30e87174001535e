// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "names.h"

#include "answer.h"
#include "boot/ask.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// The abstract socket's name can be bound once: nobody else of this user publishes it meanwhile.
static int
listen_for(const char *name)
{
    struct sockaddr_un address;
    unsigned length = ask_name_address(&address, name);
    return answer_listen_at(&address, length);
}

enum wire_answer
names_publish(struct published **names, const struct wire_request *request, int *listener)
{
    struct published *new = calloc(1, sizeof *new);
    if (!new)
        return WIRE_REFUSED;
    memcpy(new->name, request->name, sizeof new->name - 1);
    memcpy(new->port, request->port, sizeof new->port - 1);
    new->listener = listen_for(new->name);
    if (new->listener < 0) {
        free(new);
        return WIRE_TAKEN;
    }
    *listener = new->listener;
    new->next = *names;
    *names = new;
    return WIRE_GRANTED;
}

enum wire_answer
names_unpublish(struct published **names, const struct wire_request *request)
{
    for (struct published **link = names, *p; (p = *link); link = &p->next)
        if (strncmp(p->name, request->name, sizeof p->name) == 0) {
            *link = p->next;
            close(p->listener);
            free(p);
            return WIRE_GRANTED;
        }
    return WIRE_UNKNOWN;
}

enum wire_answer
names_look_up(const struct published *names, const struct wire_request *request,
              struct wire_reply *reply)
{
    for (const struct published *p = names; p; p = p->next)
        if (strncmp(p->name, request->name, sizeof p->name) == 0) {
            memcpy(reply->port, p->port, sizeof reply->port);
            return WIRE_GRANTED;
        }
    return WIRE_UNKNOWN;
}
