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
    return answer_listen_at(&address,
                            (unsigned)offsetof(struct sockaddr_un, sun_path) + 1 + (unsigned)n);
}

int
answer_listen_at(const struct sockaddr_un *address, unsigned length)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (const struct sockaddr *)address, length) == 0 && listen(fd, SOMAXCONN) == 0)
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
    if (request->rank < 0 || request->rank >= (int)seg->nranks)
        return WIRE_REFUSED;
    struct rank_block *block = segment_rank(seg, request->rank);
    bool claimed = atomic_load_explicit(&block->pid, memory_order_relaxed) != 0;
    return claimed ? WIRE_CLAIMED : WIRE_GRANTED;
}

static void
reply(int connection, struct wire_reply *text, int fd)
{
    text->version = WIRE_VERSION;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } rights = {.header = {.cmsg_level = SOL_SOCKET,
                           .cmsg_type = SCM_RIGHTS,
                           .cmsg_len = CMSG_LEN(sizeof fd)}};
    struct iovec part = {.iov_base = text, .iov_len = sizeof *text};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0 && text->answer == WIRE_GRANTED) {
        memcpy(CMSG_DATA(&rights.header), &fd, sizeof fd);
        message.msg_control = &rights;
        message.msg_controllen = sizeof rights;
    }
    sendmsg(connection, &message, MSG_NOSIGNAL);
}

static enum answer_next
answer_request(int connection, const struct wire_request *request, struct answers *answers)
{
    struct wire_reply text = {.answer = WIRE_REFUSED};
    struct segment *seg = answers->view->base;
    bool known = request->version == WIRE_VERSION &&
                 (request->job == seg->job || request->kind == WIRE_LOOKUP);
    bool descriptor = known && (request->kind == WIRE_SEGMENT || request->kind == WIRE_VISIT);
    switch (known ? request->kind : 0) {
    case WIRE_SEGMENT:
        text.answer = decide(request, seg);
        break;
    case WIRE_VISIT:
    case WIRE_FAMILY:
        text.answer = WIRE_GRANTED;
        break;
    case WIRE_PUBLISH:
        text.answer = names_publish(&answers->names, request, &answers->listener);
        break;
    case WIRE_UNPUBLISH:
        text.answer = names_unpublish(&answers->names, request);
        break;
    case WIRE_LOOKUP:
        text.answer = names_look_up(answers->names, request, &text);
        break;
    }
    reply(connection, &text, descriptor ? answers->view->fd : -1);
    return known && request->kind == WIRE_FAMILY ? ANSWER_FAMILY : ANSWER_CLOSE;
}

enum answer_next
answer_serve(int connection, struct answers *answers)
{
    struct wire_request request;
    answers->listener = -1;
    ssize_t got = recv(connection, &request, sizeof request, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return ANSWER_WAIT;
    if (got != (ssize_t)sizeof request)
        return ANSWER_CLOSE;
    request.name[sizeof request.name - 1] = request.port[sizeof request.port - 1] = '\0';
    return answer_request(connection, &request, answers);
}
