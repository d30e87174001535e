// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A child that is forked between sessions, or within one, is outside MPI: it gets errors, and its
 * MPI_Abort ends nobody else. */
#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

static void
child(void)
{
    MPI_Session session;
    int code = MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session), errclass = -1;
    MPI_Error_class(code, &errclass);
    if (errclass != MPI_ERR_OTHER)
        _exit(1);
    MPI_Abort(MPI_COMM_WORLD, 7);
}

static void
fork_one(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        child();
    CHECK(waitpid(pid, &status, 0) == pid, "pid %d", (int)pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7, "status %#x", status);
}

static void
sum(MPI_Session session)
{
    MPI_Group group;
    MPI_Comm comm;
    int one = 1, all = 0, size;
    MPI_Group_from_session_pset(session, "mpi://WORLD", &group);
    MPI_Comm_create_from_group(group, "sum", MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &comm);
    MPI_Group_size(group, &size);
    MPI_Allreduce(&one, &all, 1, MPI_INT, MPI_SUM, comm);
    CHECK(all == size, "%d of %d", all, size);
    MPI_Comm_free(&comm);
    MPI_Group_free(&group);
}

int
main(void)
{
    for (int i = 0; i < 3; i++) {
        MPI_Session session;
        MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &session);
        sum(session);
        fork_one();
        sum(session);
        MPI_Session_finalize(&session);
        fork_one();
    }
    return 0;
}
