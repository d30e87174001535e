// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "family.h"

#include "boot/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int
family_join(struct family *family, uint64_t parent)
{
    struct wire_request request = {
        .version = WIRE_VERSION, .kind = WIRE_FAMILY, .job = parent, .pid = getpid()};
    struct wire_reply reply;
    int s = ask_connect_job(parent);
    if (s < 0)
        return errno ? errno : EPERM;
    if (ask(s, &request, &reply, NULL) == WIRE_GRANTED) {
        family->parent = s;
        return 0;
    }
    close(s);
    return ECONNREFUSED;
}

bool
family_add(struct family *family, int fd)
{
    if (family->nspawned == family->room) {
        int room = family->room ? 2 * family->room : 8;
        int *more = realloc(family->spawned, (size_t)room * sizeof *more);
        if (!more)
            return false;
        family->spawned = more;
        family->room = room;
    }
    family->spawned[family->nspawned++] = fd;
    return true;
}

void
family_drop(struct family *family, int fd)
{
    if (family->parent == fd)
        family->parent = -1;
    for (int i = 0; i < family->nspawned; i++)
        if (family->spawned[i] == fd) {
            family->spawned[i] = family->spawned[--family->nspawned];
            break;
        }
    close(fd);
}

static void
tell(int fd, enum family_kind kind, int code)
{
    struct family_note note = {kind, code};
    if (fd >= 0)
        send(fd, &note, sizeof note, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void
family_tell(struct family *family, enum family_kind kind, int code)
{
    if (kind == FAMILY_FAILED && family->told)
        return;
    family->told |= kind == FAMILY_FAILED;
    if (kind != FAMILY_TOLD)
        tell(family->parent, kind, code);
    for (int i = 0; i < family->nspawned && kind != FAMILY_DONE; i++)
        tell(family->spawned[i], kind, code);
}

int
family_hear(int fd, struct family_note *note)
{
    ssize_t n = recv(fd, note, sizeof *note, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return -1;
    return n == (ssize_t)sizeof *note;
}
