// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Tools look and ask while the program communicates: each thread has handles and a registration of
 * its own, and sees what is true of them. */
#include "check.h"

#include <pthread.h>

#define THREADS  4
#define MESSAGES 2000

static _Atomic int over;
static _Atomic int told;

static void
arrived(MPI_T_event_instance event, MPI_T_event_registration registration, MPI_T_cb_safety safety,
        void *user)
{
    int tag = -1;
    (void)registration, (void)safety, (void)user;
    CHECK(MPI_T_event_read(event, 1, &tag) == MPI_SUCCESS && tag == 7, "%d", tag);
    told++;
}

static MPI_T_pvar_handle
start(MPI_T_pvar_session session, const char *name, int varclass)
{
    int index, count;
    MPI_T_pvar_handle handle;
    MPI_T_pvar_get_index(name, varclass, &index);
    MPI_T_pvar_handle_alloc(session, index, NULL, &handle, &count);
    CHECK(MPI_T_pvar_start(session, handle) == MPI_SUCCESS, "%s", name);
    return handle;
}

static void
look_once(void)
{
    unsigned long long sent[64], again[64], most, level;
    int event, rank = world_rank();
    MPI_T_pvar_session session;
    MPI_T_event_registration registration;
    MPI_T_pvar_session_create(&session);
    MPI_T_pvar_handle count = start(session, "muster_sent_messages", MPI_T_PVAR_CLASS_COUNTER);
    MPI_T_pvar_handle high =
        start(session, "muster_unexpected_queue_most", MPI_T_PVAR_CLASS_HIGHWATERMARK);
    MPI_T_event_get_index("muster_unexpected_message", &event);
    MPI_T_event_handle_alloc(event, NULL, MPI_INFO_NULL, &registration);
    MPI_T_event_register_callback(registration, MPI_T_CB_REQUIRE_NONE, MPI_INFO_NULL, NULL,
                                  arrived);
    for (int i = 0; i < 100; i++) {
        MPI_T_pvar_read(session, count, sent);
        MPI_T_pvar_read(session, count, again);
        CHECK(again[rank] >= sent[rank] && again[rank] <= MESSAGES, "%llu %llu", sent[rank],
              again[rank]);
        MPI_T_pvar_read(session, high, &most);
        MPI_T_pvar_readreset(session, high, &level);
        CHECK(level >= most, "%llu %llu", most, level);
    }
    MPI_T_event_handle_free(registration, NULL, NULL);
    MPI_T_pvar_session_free(&session);
}

static void *
look(void *unused)
{
    while (!over)
        look_once();
    return unused;
}

int
main(int argc, char **argv)
{
    int provided, n = 0;
    pthread_t threads[THREADS];
    MPI_T_init_thread(MPI_THREAD_MULTIPLE, &provided);
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, look, NULL);
    for (int i = 0; i < MESSAGES; i++) {
        MPI_Send(&n, 1, MPI_INT, 0, 7, MPI_COMM_SELF);
        if (i >= 50)
            MPI_Recv(&n, 1, MPI_INT, 0, 7, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    }
    over = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 50; i++)
        MPI_Recv(&n, 1, MPI_INT, 0, 7, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    CHECK(told <= THREADS * MESSAGES, "%d", told); // each thread once for each at most
    MPI_Finalize();
    MPI_T_finalize();
    return 0;
}
