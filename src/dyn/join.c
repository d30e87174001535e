// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * MPI_Comm_join (MPI 5.0, 11.10.5). The two tell each other over the socket who they are, then
 * whether they can reach the other: if not, both get MPI_COMM_NULL. Else the one whose name comes
 * last knocks at the other.
 */

#include "core/check.h"
#include "core/init.h"
#include "dyn/dyn.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define JOIN_MAGIC UINT64_C(0x31306e696f6a756d)

struct greeting {
    uint64_t magic;
    struct peer_name name;
    uint64_t id; // of a port
};

static int
wait_for(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    return poll(&p, 1, -1) >= 0 || errno == EINTR ? 0 : errno;
}

// All of it, whether or not the descriptor blocks.
static int
move_all(int fd, void *data, size_t n, bool out)
{
    for (size_t at = 0; at < n;) {
        char *p = (char *)data + at;
        ssize_t m = out ? write(fd, p, n - at) : read(fd, p, n - at);
        int err = 0;
        if (m > 0)
            at += (size_t)m;
        else if (m == 0)
            err = ECONNRESET;
        else if (errno == EAGAIN)
            err = wait_for(fd, out ? POLLOUT : POLLIN);
        else if (errno != EINTR)
            err = errno;
        if (err)
            return err;
    }
    return 0;
}

static int
exchange(int fd, void *mine, void *theirs, size_t n)
{
    engine_give();
    int err = move_all(fd, mine, n, true);
    if (!err)
        err = move_all(fd, theirs, n, false);
    engine_take();
    return err ? error_new(MPI_ERR_OTHER, "the socket %d: %s", fd, strerror(err)) : MPI_SUCCESS;
}

static bool
reachable(const struct greeting *mine, const struct greeting *theirs)
{
    struct peer *peer;
    return theirs->magic == JOIN_MAGIC && peer_name_compare(mine->name, theirs->name) != 0 &&
           peer_find(theirs->name, &peer) == MPI_SUCCESS;
}

static int
join_over(int fd, MPI_Comm *newcomm)
{
    struct greeting mine = {JOIN_MAGIC, {engine.seg->job, engine.rank}, port_id()}, theirs;
    int err = exchange(fd, &mine, &theirs, sizeof mine);
    if (err)
        return err;
    char can = reachable(&mine, &theirs), can_too;
    if ((err = exchange(fd, &can, &can_too, 1)))
        return err;
    if (!can || !can_too) {
        *newcomm = MPI_COMM_NULL;
        return MPI_SUCCESS;
    }
    bool knock = peer_name_compare(mine.name, theirs.name) > 0;
    struct port port = {knock ? theirs.name : mine.name, knock ? theirs.id : mine.id, 0};
    struct meet m = {.op = "MPI_Comm_join",
                     .kind = COLL_COMM_JOIN,
                     .local = engine.self,
                     .port = &port,
                     .knock = knock};
    return dyn_meet(&m, MPI_SUCCESS, newcomm);
}

static int
check_socket(int fd)
{
    int type = 0;
    socklen_t n = sizeof type;
    if (fd < 0)
        return negative_error(MPI_ERR_ARG, "fd", fd);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0)
        return error_new(MPI_ERR_ARG, "fd %d: %s", fd, strerror(errno));
    return type == SOCK_STREAM ? MPI_SUCCESS
                               : error_new(MPI_ERR_ARG, "fd %d is not a stream socket", fd);
}

static int
join(int fd, MPI_Comm *newcomm)
{
    int err = check_pointer(newcomm, "intercomm");
    if (!err)
        err = check_socket(fd);
    if (!err)
        err = world_check();
    if (err || (err = engine_failed()) || (err = jobs_home()))
        return err;
    return join_over(fd, newcomm);
}

int
PMPI_Comm_join(int fd, MPI_Comm *intercomm)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = join(fd, intercomm);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Comm_join", err);
}
weak_alias(PMPI_Comm_join, MPI_Comm_join);
