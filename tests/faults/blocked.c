// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Ranks blocked in a call that rank 0 does not let go on: blocked CALL interrupt|failure
 *
 * interrupt: a signal comes while they wait, and the interrupt callback abandons the call. They say
 * so; then rank 0 does its part, and those calls that can be made again are, and say "went on".
 * failure: rank 0 is killed; the others say what they learn, and what the next call does.
 */
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum { LARGE = 1 << 20, TAG = 3 };

static int rank, size;
static char data[LARGE], result[LARGE];
static MPI_Request request = MPI_REQUEST_NULL;
static MPI_Comm comm, made = MPI_COMM_NULL;
static MPI_Session session = MPI_SESSION_NULL;
static volatile sig_atomic_t alarmed;

static void
pause_ms(int ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    while (nanosleep(&t, &t) != 0)
        ;
}

static int
wait_for_it(void)
{
    return MPI_Wait(&request, MPI_STATUS_IGNORE);
}

/* ---- what is started here and waited for ---- */

static void
ibarrier(void)
{
    MPI_Ibarrier(comm, &request);
}

static void
iallreduce(void)
{
    MPI_Iallreduce(data, result, LARGE / 4, MPI_INT, MPI_SUM, comm, &request);
}

static void
idup(void)
{
    MPI_Comm_idup(comm, &made, &request);
}

static void
barrier_init(void)
{
    MPI_Barrier_init(comm, MPI_INFO_NULL, &request);
    MPI_Start(&request);
}

static void
recv_init(void)
{
    MPI_Recv_init(result, LARGE, MPI_CHAR, 0, TAG, comm, &request);
    MPI_Start(&request);
}

static void
irecv(void)
{
    MPI_Irecv(result, LARGE, MPI_CHAR, 0, TAG, comm, &request);
}

static void
issend(void)
{
    MPI_Issend(data, LARGE, MPI_CHAR, 0, TAG, comm, &request);
}

static void
precv(void)
{
    MPI_Precv_init(result, 2, LARGE / 2, MPI_CHAR, 0, TAG, comm, MPI_INFO_NULL, &request);
    MPI_Start(&request);
}

static void
psend(void)
{
    MPI_Psend_init(data, 2, LARGE / 2, MPI_CHAR, 0, TAG, comm, MPI_INFO_NULL, &request);
    MPI_Start(&request);
    MPI_Pready_range(0, 1, request);
}

static void
bsend(void)
{
    MPI_Comm_attach_buffer(comm, MPI_BUFFER_AUTOMATIC, 0);
    MPI_Bsend(data, LARGE, MPI_CHAR, 0, TAG, comm);
}

static void
freed_send(void)
{
    MPI_Isend(data, LARGE, MPI_CHAR, 0, TAG, comm, &request);
    MPI_Request_free(&request);
}

static void
nothing(void)
{
}

/* ---- how it is waited for ---- */

static int
wait_any(void)
{
    int index;
    return MPI_Waitany(1, &request, &index, MPI_STATUS_IGNORE);
}

static int
wait_some(void)
{
    int count, index;
    return MPI_Waitsome(1, &request, &count, &index, MPI_STATUSES_IGNORE);
}

static int
wait_all(void)
{
    return MPI_Waitall(1, &request, MPI_STATUSES_IGNORE);
}

static int
probe(void)
{
    return MPI_Probe(0, TAG, comm, MPI_STATUS_IGNORE);
}

static int
mprobe(void)
{
    MPI_Message message;
    int err = MPI_Mprobe(0, TAG, comm, &message, MPI_STATUS_IGNORE);
    return err ? err : MPI_Mrecv(result, LARGE, MPI_CHAR, &message, MPI_STATUS_IGNORE);
}

static int
receive(void)
{
    return MPI_Recv(result, LARGE, MPI_CHAR, 0, TAG, comm, MPI_STATUS_IGNORE);
}

static int
flush(void)
{
    return MPI_Comm_flush_buffer(comm);
}

static int
barrier(void)
{
    return MPI_Barrier(comm);
}

static int
dup(void)
{
    return MPI_Comm_dup(comm, &made);
}

static int
from_group(void)
{
    MPI_Group group;
    MPI_Comm_group(comm, &group);
    int err = MPI_Comm_create_from_group(group, "blocked", MPI_INFO_NULL, MPI_ERRORS_RETURN, &made);
    MPI_Group_free(&group);
    return err;
}

static int
end_session(void)
{
    return MPI_Session_finalize(&session);
}

static int
finalize(void)
{
    return MPI_Finalize();
}

/* ---- what rank 0 does at last ---- */

static void
give_all(void)
{
    for (int i = 1; i < size; i++)
        MPI_Send(data, LARGE, MPI_CHAR, i, TAG, comm);
}

// What is only probed must fit without its receiver.
static void
give_bytes(void)
{
    for (int i = 1; i < size; i++)
        MPI_Send(data, 1, MPI_CHAR, i, TAG, comm);
}

static void
take_all(void)
{
    for (int i = 1; i < size; i++)
        MPI_Recv(result, LARGE, MPI_CHAR, i, TAG, comm, MPI_STATUS_IGNORE);
}

static void
psend_all(void)
{
    for (int i = 1; i < size; i++) {
        MPI_Psend_init(data, 2, LARGE / 2, MPI_CHAR, i, TAG, comm, MPI_INFO_NULL, &request);
        MPI_Start(&request);
        MPI_Pready_range(0, 1, request);
        wait_for_it();
        MPI_Request_free(&request);
    }
}

static void
precv_all(void)
{
    for (int i = 1; i < size; i++) {
        MPI_Precv_init(result, 2, LARGE / 2, MPI_CHAR, i, TAG, comm, MPI_INFO_NULL, &request);
        MPI_Start(&request);
        wait_for_it();
        MPI_Request_free(&request);
    }
}

static const struct way {
    const char *name;
    void (*begin)(void);
    int (*wait)(void);
    void (*answer)(void); // NULL: as the others; a call that is not made again has none
    int again;
} ways[] = {
    {"ibarrier", ibarrier, wait_for_it, NULL, 1},
    {"iallreduce", iallreduce, wait_all, NULL, 1},
    {"idup", idup, wait_for_it, NULL, 1},
    {"persistent_barrier", barrier_init, wait_for_it, NULL, 1},
    {"persistent_recv", recv_init, wait_some, give_all, 1},
    {"irecv", irecv, wait_any, give_all, 1},
    {"issend", issend, wait_for_it, take_all, 1},
    {"precv", precv, wait_for_it, psend_all, 1},
    {"psend", psend, wait_for_it, precv_all, 1},
    {"probe", nothing, probe, give_bytes, 1},
    {"mprobe", nothing, mprobe, give_all, 1},
    {"recv", nothing, receive, give_all, 1},
    {"flush", bsend, flush, take_all, 1},
    {"barrier", nothing, barrier, nothing, 0},
    {"dup", nothing, dup, nothing, 0},
    {"from_group", nothing, from_group, nothing, 0},
    {"session", freed_send, end_session, nothing, 0},
    {"finalize", freed_send, finalize, nothing, 0},
};

static void
note_alarm(int number)
{
    (void)number;
    alarmed = 1;
}

// For engine.interrupt: a signal that has come once abandons one call.
static int
look_up(void)
{
    int stop = alarmed;
    alarmed = 0;
    return stop;
}

static void
interrupt_after_300_ms(void)
{
    int provided, index, count;
    int (*callback)(void) = look_up;
    MPI_T_cvar_handle handle;
    struct sigaction action = {.sa_handler = note_alarm};
    struct itimerval soon = {.it_value = {.tv_usec = 300000}};
    MPI_T_init_thread(MPI_THREAD_SINGLE, &provided);
    MPI_T_cvar_get_index("muster_interrupt_callback", &index);
    MPI_T_cvar_handle_alloc(index, NULL, &handle, &count);
    MPI_T_cvar_write(handle, &callback);
    MPI_T_cvar_handle_free(&handle);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void
say(int err)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int class = -1, n;
    MPI_Error_class(err, &class);
    MPI_Error_string(err, text, &n);
    if (class == MPI_ERR_PROC_ABORTED)
        printf("peer failed\n");
    else if (strstr(text, "interrupted by a signal"))
        printf("interrupted\n");
    else
        printf("%s\n", err ? text : "went on");
    fflush(stdout);
}

// In a session alone, or in the World model with all errors returned.
static void
join(int of_session)
{
    MPI_Group group;
    if (!of_session) {
        MPI_Init(NULL, NULL);
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
        MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    } else {
        MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
        MPI_Group_from_session_pset(session, "mpi://WORLD", &group);
        MPI_Comm_create_from_group(group, "all", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
        MPI_Group_free(&group);
    }
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    MPI_Barrier(comm);
}

static void
interrupted(const struct way *way)
{
    if (rank != 0) {
        way->begin();
        interrupt_after_300_ms();
        say(way->wait());
        if (way->again)
            say(way->wait());
        return;
    }
    pause_ms(1000);
    if (way->answer)
        way->answer();
    else {
        way->begin();
        way->wait();
    }
}

static void
failed(const struct way *way)
{
    if (rank == 0) {
        pause_ms(300);
        raise(SIGKILL);
    }
    way->begin();
    say(way->wait());
    if (way->again)
        say(MPI_Barrier(comm));
}

int
main(int argc, char **argv)
{
    const struct way *way = ways;
    int finalized;
    while (argc == 3 && strcmp(way->name, argv[1]) != 0)
        way++;
    join(way->wait == end_session);
    if (strcmp(argv[2], "failure") == 0)
        failed(way);
    else
        interrupted(way);
    MPI_Finalized(&finalized);
    if (session != MPI_SESSION_NULL)
        MPI_Session_finalize(&session);
    else if (!finalized && way->wait != end_session)
        MPI_Finalize();
    return 0;
}
