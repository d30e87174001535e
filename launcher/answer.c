// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "answer.h"

#include "boot/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
answer_listen(uint64_t job)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, WIRE_SOCKET_NAME,
                     (unsigned long long)job);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, len) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    close(fd);
    return -1;
}

int
answer_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return -1;
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid())
        return fd;
    close(fd);
    return -1;
}

static enum wire_answer
decide(const struct wire_request *request, struct segment *seg)
{
    if (request->version != WIRE_VERSION || request->kind != WIRE_SEGMENT ||
        request->job != seg->job || request->rank < 0 || request->rank >= (int)seg->nranks)
        return WIRE_REFUSED;
    struct rank_block *block = segment_rank(seg, request->rank);
    bool claimed = atomic_load_explicit(&block->pid, memory_order_relaxed) != 0;
    return claimed ? WIRE_CLAIMED : WIRE_GRANTED;
}

static void
reply(int connection, enum wire_answer answer, int fd)
{
    struct wire_reply text = {.version = WIRE_VERSION, .answer = answer};
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } rights = {.header = {.cmsg_level = SOL_SOCKET,
                           .cmsg_type = SCM_RIGHTS,
                           .cmsg_len = CMSG_LEN(sizeof fd)}};
    struct iovec part = {.iov_base = &text, .iov_len = sizeof text};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (answer == WIRE_GRANTED) {
        memcpy(CMSG_DATA(&rights.header), &fd, sizeof fd);
        message.msg_control = &rights;
        message.msg_controllen = sizeof rights;
    }
    sendmsg(connection, &message, MSG_NOSIGNAL);
}

bool
answer_serve(int connection, struct segment_view *view)
{
    struct wire_request request;
    ssize_t got = recv(connection, &request, sizeof request, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (got == (ssize_t)sizeof request)
        reply(connection, decide(&request, view->base), view->fd);
    return true;
}
