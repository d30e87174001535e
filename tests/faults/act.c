// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A rank that does what it is told: act WHO:WHAT[=N] ...
 * WHO is a rank or '*', WHAT one of the words below; each rank does what is for it, in order, and
 * returns the last `code`. Without `init` or `session` it is a program without MPI, and its rank is
 * 0.
 */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int code;
static MPI_Comm comm = MPI_COMM_WORLD;
static MPI_Session session;

static void
pause_ms(int ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    while (nanosleep(&t, &t) != 0)
        ;
}

/* Wait for a message that nobody sends. */
static void
receive(void)
{
    char byte;
    int err = MPI_Recv(&byte, 1, MPI_CHAR, MPI_ANY_SOURCE, 4711, comm, MPI_STATUS_IGNORE);
    int class = -1;
    MPI_Error_class(err, &class);
    printf("%s\n", class == MPI_ERR_PROC_ABORTED ? "peer failed" : "received");
    fflush(stdout);
}

/* A session instead of MPI_Init, with a communicator that returns errors. */
static void
open_session(void)
{
    MPI_Group group;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &session);
    MPI_Group_from_session_pset(session, "mpi://WORLD", &group);
    MPI_Comm_create_from_group(group, "act", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
    MPI_Group_free(&group);
}

static void
close_session(void)
{
    MPI_Comm_free(&comm);
    MPI_Session_finalize(&session);
}

/* A child that sleeps, in a session of its own if `detached`; with
 * `stubborn` it ignores SIGTERM. */
static void
leave_child(int detached, int stubborn)
{
    if (fork() != 0)
        return;
    if (detached && (setsid() < 0 || fork() != 0))
        _exit(0);
    if (stubborn)
        signal(SIGTERM, SIG_IGN);
    pause_ms(100000);
    _exit(0);
}

/* Use n MiB of memory. */
static void
use_memory(int n)
{
    size_t bytes = (size_t)n << 20;
    char *p = malloc(bytes);
    for (size_t i = 0; p && i < bytes; i += 4096)
        *(volatile char *)(p + i) = 1;
    free(p);
}

static void
do_one(const char *what, int n)
{
    int size;
    if (strcmp(what, "init") == 0)
        MPI_Init(NULL, NULL);
    else if (strcmp(what, "session") == 0)
        open_session();
    else if (strcmp(what, "end-session") == 0)
        close_session();
    else if (strcmp(what, "return-errors") == 0)
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    else if (strcmp(what, "finalize") == 0)
        MPI_Finalize();
    else if (strcmp(what, "size") == 0 && MPI_Comm_size(MPI_COMM_WORLD, &size) == 0)
        printf("size %d\n", size);
    else if (strcmp(what, "receive") == 0)
        receive();
    else if (strcmp(what, "abort") == 0)
        MPI_Abort(MPI_COMM_WORLD, n);
    else if (strcmp(what, "exit") == 0)
        exit(n);
    else if (strcmp(what, "code") == 0)
        code = n;
    else if (strcmp(what, "kill") == 0)
        raise(n);
    else if (strcmp(what, "memory") == 0)
        use_memory(n);
    else if (strcmp(what, "ignore") == 0)
        signal(n, SIG_IGN);
    else if (strcmp(what, "sleep") == 0)
        pause_ms(n);
    else if (strcmp(what, "child") == 0)
        leave_child(0, n);
    else if (strcmp(what, "daemon") == 0)
        leave_child(1, n);
    else if (strcmp(what, "print") == 0)
        printf("%d\n", n);
    else
        abort();
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    int rank = 0, joined = 0;
    for (int i = 1; i < argc; i++) {
        char *what = strchr(argv[i], ':') + 1;
        char *number = strchr(what, '=');
        if (number)
            *number++ = '\0';
        if (argv[i][0] != '*' && atoi(argv[i]) != rank)
            continue;
        do_one(what, number ? atoi(number) : 0);
        if (!joined && (strcmp(what, "init") == 0 || strcmp(what, "session") == 0)) {
            MPI_Comm_rank(comm, &rank);
            joined = 1;
        }
    }
    return code;
}
