// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "boot/join.h"

#include "boot/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct ticket {
    unsigned long long job, inode;
    int rank, size, fd;
};

static int
ticket_read(const char *text, struct ticket *t, char *why, size_t n)
{
    int version = 0;
    if (sscanf(text, "%d:%llx:%d:%d:%d:%llu", &version, &t->job, &t->rank, &t->size, &t->fd,
               &t->inode) != 6 ||
        version != WIRE_VERSION || t->rank < 0 || t->rank >= t->size || t->size > MAX_RANKS) {
        snprintf(why, n, "%s=\"%s\" was not written by a launcher of this version",
                 WIRE_ENVIRONMENT, text);
        return -1;
    }
    return 0;
}

static bool
is_segment(int fd, const struct ticket *t)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && (unsigned long long)st.st_ino == t->inode;
}

static int
wire_connect(const struct ticket *t)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, WIRE_SOCKET_NAME, t->job);
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
    int s = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -1;
    struct timeval limit = {.tv_sec = 10};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(s, (struct sockaddr *)&address, length) == 0)
        return s;
    close(s);
    return -1;
}

// The reply, and the descriptor that may come with it.
static int
wire_receive(int s, struct wire_reply *reply, int *fd)
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
    if (recvmsg(s, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof *reply)
        return -1;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    *fd = -1;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(fd, CMSG_DATA(c), sizeof *fd);
    return 0;
}

/* Ask the launcher: an enum wire_answer, or -1 when it cannot be asked. */
static int
ask_launcher(struct ticket *t)
{
    int s = wire_connect(t);
    if (s < 0)
        return -1;
    struct wire_request request = {.version = WIRE_VERSION,
                                   .kind = WIRE_SEGMENT,
                                   .job = t->job,
                                   .rank = t->rank,
                                   .pid = getpid()};
    struct wire_reply reply = {0};
    int answer = -1;
    if (send(s, &request, sizeof request, MSG_NOSIGNAL) == (ssize_t)sizeof request &&
        wire_receive(s, &reply, &t->fd) == 0)
        answer = (int)reply.answer;
    close(s);
    return answer;
}

static bool
claim_rank(struct segment *seg, int rank)
{
    struct rank_block *block = segment_rank(seg, rank);
    int32_t none = 0;
    // relaxed, both: the launcher reads them for themselves, or after the process has ended.
    if (!atomic_compare_exchange_strong_explicit(&block->pid, &none, (int32_t)getpid(),
                                                 memory_order_relaxed, memory_order_relaxed))
        return false;
    atomic_store_explicit(&block->state, RANK_JOINED, memory_order_relaxed);
    return true;
}

static void
world_of_one(struct join *join)
{
    segment_unmap(&join->view);
    *join = (struct join){.view = {.fd = -1}, .size = 1};
}

static int
join_segment(struct join *join, const struct ticket *t, char *why, size_t n)
{
    int err = segment_map(&join->view, t->fd);
    if (err || join->view.base->job != t->job || (int)join->view.base->nranks != t->size) {
        snprintf(why, n,
                 "the launcher's segment cannot be mapped (error %d) or belongs to another "
                 "job",
                 err);
        return -1;
    }
    if (!claim_rank(join->view.base, t->rank)) {
        // Our parent or an earlier program of this rank has it.
        join->view.fd = -1; // not ours to close: the parent's number means nothing here
        world_of_one(join);
        return 0;
    }
    fcntl(t->fd, F_SETFD, FD_CLOEXEC);
    join->rank = t->rank;
    join->size = t->size;
    return 0;
}

int
join_job(struct join *join, char *why, size_t n)
{
    struct ticket t;
    *join = (struct join){.view = {.fd = -1}, .size = 1};
    const char *text = getenv(WIRE_ENVIRONMENT);
    if (!text || !*text)
        return 0;
    if (ticket_read(text, &t, why, n) != 0)
        return -1;
    if (is_segment(t.fd, &t))
        return join_segment(join, &t, why, n);
    switch (ask_launcher(&t)) {
    case WIRE_GRANTED:
        if (is_segment(t.fd, &t))
            return join_segment(join, &t, why, n);
        snprintf(why, n, "the launcher sent a descriptor that is not the job's segment");
        return -1;
    case WIRE_CLAIMED:
        return 0;
    default:
        snprintf(why, n,
                 "this process is rank %d of %d by %s, but the descriptor it inherited is "
                 "closed and the launcher does not answer (to run it alone, unset %s)",
                 t.rank, t.size, WIRE_ENVIRONMENT, WIRE_ENVIRONMENT);
        return -1;
    }
}
