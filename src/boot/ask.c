// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "boot/ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE 10 // seconds

static socklen_t
length_of(int n)
{
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

static socklen_t
job_address(struct sockaddr_un *address, uint64_t job)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    return length_of(snprintf(address->sun_path + 1, sizeof address->sun_path - 1, WIRE_SOCKET_NAME,
                              (unsigned long long)job));
}

static unsigned long long
hash(const char *s, uint64_t seed)
{
    for (; *s; s++)
        seed = (seed ^ (unsigned char)*s) * UINT64_C(0x9e3779b97f4a7c15) + (seed >> 29);
    return seed ^ seed >> 32;
}

unsigned
ask_name_address(struct sockaddr_un *address, const char *service)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    return length_of(snprintf(address->sun_path + 1, sizeof address->sun_path - 1, WIRE_NAME_SOCKET,
                              (unsigned)geteuid(), hash(service, 1), hash(service, 2)));
}

// Nobody else's process may pose as a launcher of this user.
static bool
is_own(int s)
{
    struct ucred peer;
    socklen_t n = sizeof peer;
    return getsockopt(s, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && peer.uid == geteuid();
}

static int
connect_to(const struct sockaddr_un *address, socklen_t length)
{
    int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -1;
    struct timeval limit = {.tv_sec = PATIENCE};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    int err = connect(s, (const struct sockaddr *)address, length) != 0 ? errno : 0;
    bool own = !err && is_own(s);
    if (own)
        return s;
    close(s);
    errno = err;
    return -1;
}

int
ask_connect_job(uint64_t job)
{
    struct sockaddr_un address;
    socklen_t length = job_address(&address, job);
    return connect_to(&address, length);
}

static bool
receive(int s, struct wire_reply *reply, int *fd)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = reply, .iov_len = sizeof *reply};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    ssize_t got;
    do
        got = recvmsg(s, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof *reply)
        return false;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    int sent = -1;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(&sent, CMSG_DATA(c), sizeof sent);
    if (fd)
        *fd = sent;
    else if (sent >= 0)
        close(sent);
    return true;
}

int
ask(int connection, const struct wire_request *request, struct wire_reply *reply, int *fd)
{
    if (fd)
        *fd = -1;
    if (send(connection, request, sizeof *request, MSG_NOSIGNAL) != (ssize_t)sizeof *request ||
        !receive(connection, reply, fd))
        return -1;
    return (int)reply->answer;
}

static struct wire_request
request_of(enum wire_kind kind, uint64_t job)
{
    return (struct wire_request){
        .version = WIRE_VERSION, .kind = kind, .job = job, .pid = getpid()};
}

static int
ask_once(int s, const struct wire_request *request, struct wire_reply *reply, int *fd)
{
    if (s < 0)
        return errno ? errno : ASK_REFUSED;
    int answer = ask(s, request, reply, fd), error = errno;
    close(s);
    switch (answer) {
    case WIRE_GRANTED:
        return 0;
    case WIRE_TAKEN:
        return ASK_TAKEN;
    case WIRE_UNKNOWN:
        return ASK_UNKNOWN;
    case -1:
        return error ? error : ECONNRESET;
    default:
        return ASK_REFUSED;
    }
}

int
ask_segment(uint64_t job, int *fd)
{
    struct wire_request request = request_of(WIRE_VISIT, job);
    struct wire_reply reply = {0};
    int err = ask_once(ask_connect_job(job), &request, &reply, fd);
    return err || *fd >= 0 ? err : ASK_REFUSED;
}

int
ask_publish(uint64_t job, const char *service, const char *port)
{
    struct wire_request request = request_of(WIRE_PUBLISH, job);
    struct wire_reply reply = {0};
    snprintf(request.name, sizeof request.name, "%s", service);
    snprintf(request.port, sizeof request.port, "%s", port);
    return ask_once(ask_connect_job(job), &request, &reply, NULL);
}

int
ask_unpublish(uint64_t job, const char *service)
{
    struct wire_request request = request_of(WIRE_UNPUBLISH, job);
    struct wire_reply reply = {0};
    snprintf(request.name, sizeof request.name, "%s", service);
    return ask_once(ask_connect_job(job), &request, &reply, NULL);
}

int
ask_lookup(const char *service, char port[WIRE_PORT_MAX])
{
    struct wire_request request = request_of(WIRE_LOOKUP, 0);
    struct wire_reply reply = {0};
    struct sockaddr_un address;
    socklen_t length = ask_name_address(&address, service);
    snprintf(request.name, sizeof request.name, "%s", service);
    int err = ask_once(connect_to(&address, length), &request, &reply, NULL);
    if (err == ECONNREFUSED)
        return ASK_UNKNOWN;
    snprintf(port, WIRE_PORT_MAX, "%.*s", WIRE_PORT_MAX - 1, reply.port);
    return err;
}

const char *
ask_text(int err)
{
    switch (err) {
    case ASK_TAKEN:
        return "the name is published already";
    case ASK_UNKNOWN:
        return "there is no such name";
    case ASK_REFUSED:
        return "its launcher refused, or belongs to another user";
    default:
        return strerror(err);
    }
}

void
ask_close(int fd)
{
    close(fd);
}
