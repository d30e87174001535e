// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Buffers of sessions: used by the communicators that come from the session, after the
 * communicator's own and before the process's; without MPI_Init. */

#include "check.h"

#include <string.h>

enum { OVER = MPI_BSEND_OVERHEAD };

static void
fails(int wanted, int code, int line)
{
    int class;
    MPI_Error_class(code, &class);
    CHECK(class == wanted, "line %d: class %d", line, class);
}
#define FAILS(wanted, call) fails(wanted, call, __LINE__)

static MPI_Comm
comm_of(MPI_Session session, const char *tag)
{
    MPI_Group group;
    MPI_Comm comm;
    MPI_Group_from_session_pset(session, "mpi://SELF", &group);
    MPI_Comm_create_from_group(group, tag, MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
    MPI_Group_free(&group);
    return comm;
}

static void
which(MPI_Session session)
{
    char of_session[OVER + 10], of_comm[OVER + 5], data[20] = {0};
    void *p;
    int n;
    MPI_Count large;
    MPI_Request r;
    MPI_Comm comm = comm_of(session, "one");
    FAILS(MPI_ERR_BUFFER, MPI_Bsend(data, 10, MPI_BYTE, 0, 1, comm));
    MPI_Session_attach_buffer(session, of_session, sizeof of_session);
    FAILS(MPI_ERR_BUFFER, MPI_Session_attach_buffer_c(session, data, sizeof data));
    FAILS(MPI_ERR_BUFFER, MPI_Bsend(data, 11, MPI_BYTE, 0, 1, comm));
    MPI_Bsend(data, 10, MPI_BYTE, 0, 1, comm);
    MPI_Comm_attach_buffer(comm, of_comm, sizeof of_comm);
    FAILS(MPI_ERR_BUFFER, MPI_Bsend(data, 10, MPI_BYTE, 0, 1, comm));
    MPI_Bsend(data, 5, MPI_BYTE, 0, 1, comm);
    MPI_Comm_detach_buffer(comm, &p, &n);
    CHECK(p == of_comm, "%p", p);
    MPI_Session_iflush_buffer(session, &r);
    for (int i = 0; i < 2; i++)
        MPI_Recv(data, 20, MPI_BYTE, 0, 1, comm, MPI_STATUS_IGNORE);
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    MPI_Session_flush_buffer(session);
    MPI_Session_detach_buffer(session, &p, &n);
    CHECK(p == of_session && n == sizeof of_session, "%p, %d", p, n);
    MPI_Session_attach_buffer(session, MPI_BUFFER_AUTOMATIC, 0);
    MPI_Session_detach_buffer_c(session, &p, &large);
    CHECK(p == MPI_BUFFER_AUTOMATIC && large == 0, "%p, %lld", p, (long long)large);
    MPI_Session_detach_buffer_c(session, &p, &large);
    CHECK(p == NULL && large == 0, "%p, %lld", p, (long long)large);
    MPI_Comm_free(&comm);
}

static void
errors(MPI_Session session)
{
    int n;
    FAILS(MPI_ERR_BUFFER, MPI_Session_attach_buffer(session, &n, -1));
    FAILS(MPI_ERR_ARG, MPI_Session_detach_buffer(session, NULL, &n));
    FAILS(MPI_ERR_ARG, MPI_Session_iflush_buffer(session, NULL));
}

int
main(void)
{
    MPI_Session a, b;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &a);
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &b);
    MPI_Comm comm = comm_of(a, "keeps them returning");
    MPI_Session_attach_buffer(b, MPI_BUFFER_AUTOMATIC, 0);
    which(a); // the other one's is not for it
    errors(a);
    MPI_Comm_free(&comm);
    MPI_Session_finalize(&b); // with its buffer
    MPI_Session_finalize(&a);
    return 0;
}
