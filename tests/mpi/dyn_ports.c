// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Ports, names and MPI_Comm_join within one job (MPI 5.0, 11.9 and 11.10): the lower half of the
 * ranks accepts, the upper half connects. */
#include "check.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static MPI_Comm half;
static int upper, half_rank;

static int
class_of(int code)
{
    int class;
    MPI_Error_class(code, &class);
    return class;
}

static void
use(MPI_Comm inter)
{
    int remote, sum, one = 1;
    MPI_Comm merged;
    MPI_Comm_remote_size(inter, &remote);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, inter);
    CHECK(sum == remote, "%d of %d", sum, remote);
    MPI_Intercomm_merge(inter, upper, &merged);
    MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, merged);
    CHECK(sum == world_size(), "%d", sum);
    MPI_Comm_free(&merged);
}

// The port's name goes by MPI_COMM_WORLD.
static void
connect_halves(int times)
{
    char port[MPI_MAX_PORT_NAME] = "";
    if (world_rank() == 0)
        MPI_Open_port(MPI_INFO_NULL, port);
    MPI_Bcast(port, sizeof port, MPI_CHAR, 0, MPI_COMM_WORLD);
    for (int i = 0; i < times; i++) {
        MPI_Comm inter;
        if (upper)
            MPI_Comm_connect(half_rank ? "" : port, MPI_INFO_NULL, 0, half, &inter);
        else
            MPI_Comm_accept(half_rank ? "" : port, MPI_INFO_NULL, 0, half, &inter);
        use(inter);
        MPI_Comm_disconnect(&inter);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (world_rank() == 0) {
        MPI_Close_port(port);
        int err = MPI_Close_port(port);
        CHECK(class_of(err) == MPI_ERR_PORT, "%d", err);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Comm none = MPI_COMM_NULL;
    int err = upper ? MPI_Comm_connect(port, MPI_INFO_NULL, 0, half, &none) : MPI_ERR_PORT;
    CHECK(class_of(err) == MPI_ERR_PORT && none == MPI_COMM_NULL, "%d", err);
}

static void
names(void)
{
    char port[MPI_MAX_PORT_NAME], found[MPI_MAX_PORT_NAME], name[64];
    int pid = getpid(), err;
    MPI_Bcast(&pid, 1, MPI_INT, 0, MPI_COMM_WORLD);
    snprintf(name, sizeof name, "dyn_ports %d", pid);
    if (world_rank() == 0) {
        MPI_Open_port(MPI_INFO_NULL, port);
        MPI_Publish_name(name, MPI_INFO_NULL, port);
        err = MPI_Publish_name(name, MPI_INFO_NULL, port);
        CHECK(class_of(err) == MPI_ERR_SERVICE, "%d", err);
    }
    MPI_Bcast(port, sizeof port, MPI_CHAR, 0, MPI_COMM_WORLD);
    MPI_Lookup_name(name, MPI_INFO_NULL, found);
    CHECK(strcmp(port, found) == 0, "%s and %s", port, found);
    MPI_Barrier(MPI_COMM_WORLD);
    if (world_rank() == 0) {
        MPI_Unpublish_name(name, MPI_INFO_NULL, port);
        err = MPI_Unpublish_name(name, MPI_INFO_NULL, port);
        CHECK(class_of(err) == MPI_ERR_SERVICE, "%d", err);
        MPI_Close_port(port);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    err = MPI_Lookup_name(name, MPI_INFO_NULL, found);
    CHECK(class_of(err) == MPI_ERR_NAME, "%d", err);
}

static void
errors(void)
{
    MPI_Comm none = MPI_COMM_NULL;
    MPI_Info info;
    char port[MPI_MAX_PORT_NAME];
    int err = MPI_Comm_connect("nonsense", MPI_INFO_NULL, 0, MPI_COMM_SELF, &none);
    CHECK(class_of(err) == MPI_ERR_PORT, "%d", err);
    err = MPI_Comm_accept("muster:1:0:1:40", MPI_INFO_NULL, 0, MPI_COMM_SELF, &none);
    CHECK(class_of(err) == MPI_ERR_PORT, "%d", err);
    err = MPI_Comm_connect("muster:1:0:1:40", MPI_INFO_NULL, 0, MPI_COMM_SELF, &none);
    CHECK(class_of(err) == MPI_ERR_PORT, "%d", err);
    err = MPI_Comm_connect("muster:1:0:1:40", MPI_INFO_NULL, 1, MPI_COMM_SELF, &none);
    CHECK(class_of(err) == MPI_ERR_ROOT, "%d", err);
    // Nobody accepts.
    MPI_Open_port(MPI_INFO_NULL, port);
    MPI_Info_create(&info);
    MPI_Info_set(info, "timeout", "0.3");
    err = MPI_Comm_connect(port, info, 0, MPI_COMM_SELF, &none);
    CHECK(class_of(err) == MPI_ERR_PORT && none == MPI_COMM_NULL, "%d", err);
    MPI_Info_set(info, "timeout", "soon");
    err = MPI_Comm_connect(port, info, 0, MPI_COMM_SELF, &none);
    CHECK(class_of(err) == MPI_ERR_INFO_VALUE, "%d", class_of(err));
    MPI_Info_free(&info);
    MPI_Close_port(port);
    err = MPI_Comm_join(-1, &none);
    CHECK(class_of(err) == MPI_ERR_ARG, "%d", err);
}

/* ---- join: ranks 0 and 1, over an abstract unix socket ---- */

static int
listen_or_connect(int pid, int listens)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path + 1, 40, "dyn-ports-%d", pid), fd, peer;
    socklen_t length = (socklen_t)(sizeof address.sun_family + 1 + (size_t)n);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (listens) {
        CHECK(bind(fd, (void *)&address, length) == 0 && listen(fd, 1) == 0, " ");
        MPI_Barrier(MPI_COMM_WORLD);
        peer = accept(fd, NULL, NULL);
        close(fd);
        return peer;
    }
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK(connect(fd, (void *)&address, length) == 0, " ");
    return fd;
}

static void
join(void)
{
    int pid = getpid(), rank = world_rank(), value, size;
    MPI_Bcast(&pid, 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (rank > 1) {
        MPI_Barrier(MPI_COMM_WORLD);
        return;
    }
    int fd = listen_or_connect(pid, rank == 0);
    MPI_Comm inter;
    MPI_Comm_join(fd, &inter);
    MPI_Comm_remote_size(inter, &size);
    CHECK(size == 1, "%d", size);
    MPI_Sendrecv(&rank, 1, MPI_INT, 0, 1, &value, 1, MPI_INT, 0, 1, inter, MPI_STATUS_IGNORE);
    CHECK(value == 1 - rank, "%d", value);
    MPI_Comm_disconnect(&inter);
    // The socket is still the user's, with nothing of ours in it.
    char byte = (char)rank;
    CHECK(write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1 && byte == 1 - rank, "%d", byte);
    close(fd);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    upper = world_rank() >= (world_size() + 1) / 2;
    MPI_Comm_split(MPI_COMM_WORLD, upper, 0, &half);
    MPI_Comm_rank(half, &half_rank);
    names();
    errors();
    if (world_size() > 1) {
        connect_halves(3);
        connect_halves(1);
        join();
    }
    MPI_Comm_free(&half);
    MPI_Finalize();
    return 0;
}
