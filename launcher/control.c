// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union rights {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(NOTE_STREAMS_MOST * sizeof(int))];
};

bool
note_send(int control, const struct note *note, const int *fds)
{
    union rights rights = {.header = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec part = {(void *)(uintptr_t)note, sizeof *note};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (note->kind == NOTE_STREAMS) {
        size_t bytes = (size_t)note->value * sizeof *fds;
        rights.header.cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(&rights.header), fds, bytes);
        message.msg_control = &rights;
        message.msg_controllen = CMSG_SPACE(bytes);
    }
    ssize_t sent;
    do
        sent = sendmsg(control, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

int
note_receive(int control, struct note *note, int *fds)
{
    union rights rights;
    struct iovec part = {note, sizeof *note};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = sizeof rights};
    ssize_t got = recvmsg(control, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return -1;
    if (got <= 0)
        return 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (note->kind != NOTE_STREAMS)
        return 1;
    note->value = 0;
    if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        // Fewer than were sent, if this process may not open so many.
        size_t bytes = header->cmsg_len - CMSG_LEN(0);
        memcpy(fds, CMSG_DATA(header), bytes);
        note->value = (int32_t)(bytes / sizeof *fds);
    }
    return 1;
}
