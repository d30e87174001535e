// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Generalized requests: when their functions are called, with what, and where their codes go; by
 * every call that completes, cancelled, freed before and after, completed by another thread. */

#include "check.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

struct work {
    int queried, freed, cancelled; // calls
    int complete;                  // what cancel_fn was told
    int query_code, free_code, cancel_code;
    int count, tag;
    int say_cancelled;
};

static int
query(void *state, MPI_Status *status)
{
    struct work *w = state;
    int provided;
    MPI_Query_thread(&provided); // MPI may be called: nothing is locked
    CHECK(!w->freed, "queried after it was freed");
    w->queried++;
    MPI_Status_set_elements(status, MPI_INT, w->count);
    MPI_Status_set_cancelled(status, w->say_cancelled);
    status->MPI_SOURCE = MPI_UNDEFINED;
    status->MPI_TAG = w->tag;
    return w->query_code;
}

static int
release(void *state)
{
    struct work *w = state;
    int flag;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
    w->freed++;
    return w->free_code;
}

static int
stop(void *state, int complete)
{
    struct work *w = state;
    w->cancelled++;
    w->complete = complete;
    return w->cancel_code;
}

static MPI_Request
begin(struct work *w)
{
    MPI_Request r;
    *w = (struct work){.count = 3, .tag = 17};
    MPI_Grequest_start(query, release, stop, w, &r);
    return r;
}

static void
expect(const struct work *w, int queried, int freed)
{
    CHECK(w->queried == queried && w->freed == freed, "%d queries, %d frees", w->queried, w->freed);
}

static void
one(void)
{
    struct work w;
    MPI_Status status = {.MPI_ERROR = 1234};
    int flag = 1, n = 0;
    MPI_Request r = begin(&w);
    MPI_Test(&r, &flag, &status);
    CHECK(!flag && r != MPI_REQUEST_NULL, "it is complete");
    expect(&w, 0, 0);
    MPI_Request_get_status(r, &flag, &status);
    CHECK(!flag, "it is complete");
    MPI_Grequest_complete(r);
    expect(&w, 0, 0);
    MPI_Request_get_status(r, &flag, &status);
    CHECK(flag && status.MPI_TAG == 17, "flag %d, tag %d", flag, status.MPI_TAG);
    expect(&w, 1, 0);
    MPI_Wait(&r, &status);
    MPI_Get_count(&status, MPI_INT, &n);
    CHECK(r == MPI_REQUEST_NULL && n == 3 && status.MPI_TAG == 17, "count %d, tag %d", n,
          status.MPI_TAG);
    CHECK(status.MPI_ERROR == 1234, "MPI_ERROR is %d", status.MPI_ERROR);
    expect(&w, 2, 1);
    r = begin(&w);
    MPI_Grequest_complete(r);
    MPI_Test(&r, &flag, MPI_STATUS_IGNORE); // asked even so
    CHECK(flag, "it is not complete");
    expect(&w, 1, 1);
}

static void
several(void)
{
    struct work w[4];
    MPI_Request r[4];
    MPI_Status status, statuses[4];
    int index, flag, n, indices[4];
    for (int i = 0; i < 4; i++) {
        r[i] = begin(&w[i]);
        w[i].tag = 20 + i;
    }
    MPI_Testany(4, r, &index, &flag, &status);
    CHECK(!flag && index == MPI_UNDEFINED, "index %d", index);
    MPI_Grequest_complete(r[2]);
    MPI_Request_get_status_any(4, r, &index, &flag, &status);
    CHECK(flag && index == 2 && status.MPI_TAG == 22, "index %d, tag %d", index, status.MPI_TAG);
    MPI_Request_get_status_all(4, r, &flag, statuses);
    CHECK(!flag, "all are complete");
    MPI_Request_get_status_some(4, r, &n, indices, statuses);
    CHECK(n == 1 && indices[0] == 2 && statuses[0].MPI_TAG == 22, "%d complete", n);
    expect(&w[2], 2, 0);
    MPI_Waitany(4, r, &index, &status);
    CHECK(index == 2 && status.MPI_TAG == 22 && r[2] == MPI_REQUEST_NULL, "index %d", index);
    expect(&w[2], 3, 1);
    MPI_Grequest_complete(r[0]);
    MPI_Testsome(4, r, &n, indices, statuses);
    CHECK(n == 1 && indices[0] == 0 && statuses[0].MPI_TAG == 20, "%d complete", n);
    MPI_Grequest_complete(r[1]);
    MPI_Grequest_complete(r[3]);
    MPI_Request_get_status_all(4, r, &flag, statuses);
    CHECK(flag && statuses[1].MPI_TAG == 21 && statuses[3].MPI_TAG == 23 &&
              statuses[0].MPI_TAG == MPI_ANY_TAG,
          "flag %d", flag);
    MPI_Waitall(4, r, statuses);
    CHECK(statuses[1].MPI_TAG == 21 && statuses[3].MPI_TAG == 23, "tags %d, %d",
          statuses[1].MPI_TAG, statuses[3].MPI_TAG);
    for (int i = 0; i < 4; i++)
        CHECK(w[i].freed == 1 && r[i] == MPI_REQUEST_NULL, "request %d", i);
}

static void
codes(void)
{
    struct work w[2];
    MPI_Request r = begin(&w[0]), both[2];
    MPI_Status statuses[2];
    int code, class;
    w[0].query_code = MPI_ERR_OTHER;
    MPI_Grequest_complete(r);
    code = MPI_Wait(&r, MPI_STATUS_IGNORE);
    CHECK(code == MPI_ERR_OTHER && r == MPI_REQUEST_NULL, "code %d", code);
    r = begin(&w[0]);
    w[0].query_code = MPI_ERR_OTHER;
    w[0].free_code = MPI_ERR_ARG; // the last one's
    MPI_Grequest_complete(r);
    code = MPI_Wait(&r, MPI_STATUS_IGNORE);
    CHECK(code == MPI_ERR_ARG && w[0].freed == 1, "code %d", code);
    both[0] = begin(&w[0]);
    both[1] = begin(&w[1]);
    w[1].free_code = MPI_ERR_INTERN;
    MPI_Grequest_complete(both[0]);
    MPI_Grequest_complete(both[1]);
    MPI_Error_class(MPI_Waitall(2, both, statuses), &class);
    CHECK(class == MPI_ERR_IN_STATUS && statuses[0].MPI_ERROR == MPI_SUCCESS &&
              statuses[1].MPI_ERROR == MPI_ERR_INTERN,
          "class %d, errors %d and %d", class, statuses[0].MPI_ERROR, statuses[1].MPI_ERROR);
    r = begin(&w[0]);
    w[0].cancel_code = MPI_ERR_BUFFER;
    code = MPI_Cancel(&r);
    CHECK(code == MPI_ERR_BUFFER && w[0].cancelled == 1 && w[0].complete == 0, "code %d", code);
    MPI_Grequest_complete(r);
    w[0].cancel_code = MPI_SUCCESS;
    w[0].say_cancelled = 1;
    MPI_Cancel(&r);
    CHECK(w[0].cancelled == 2 && w[0].complete == 1, "told %d", w[0].complete);
    MPI_Wait(&r, &statuses[0]);
    int flag = 0;
    MPI_Test_cancelled(&statuses[0], &flag);
    CHECK(flag, "it does not say cancelled");
}

// Whichever of the two comes last calls free_fn, and query_fn is never called.
static void
freed(void)
{
    struct work w;
    MPI_Request r = begin(&w), copy = r;
    MPI_Request_free(&r);
    CHECK(r == MPI_REQUEST_NULL, "the handle is not null");
    expect(&w, 0, 0);
    w.free_code = MPI_ERR_FILE;
    int code = MPI_Grequest_complete(copy);
    CHECK(code == MPI_ERR_FILE, "code %d", code);
    expect(&w, 0, 1);
    r = copy = begin(&w);
    MPI_Grequest_complete(r);
    expect(&w, 0, 0);
    MPI_Request_free(&r);
    expect(&w, 0, 1);
}

static void
errors(void)
{
    struct work w;
    MPI_Request r = begin(&w), copy = r, other;
    int class, x;
#define FAILS(wanted, call)                                                                        \
    do {                                                                                           \
        MPI_Error_class(call, &class);                                                             \
        CHECK(class == (wanted), "class %d", class);                                               \
    } while (0)
    FAILS(MPI_ERR_ARG, MPI_Grequest_start(query, release, stop, &w, NULL));
    FAILS(MPI_ERR_REQUEST, MPI_Grequest_complete(MPI_REQUEST_NULL));
    MPI_Irecv(&x, 1, MPI_INT, 0, 0, MPI_COMM_SELF, &other);
    FAILS(MPI_ERR_REQUEST, MPI_Grequest_complete(other));
    FAILS(MPI_ERR_REQUEST, MPI_Start(&r));
    MPI_Cancel(&other);
    MPI_Wait(&other, MPI_STATUS_IGNORE);
    MPI_Grequest_complete(r);
    FAILS(MPI_ERR_REQUEST, MPI_Grequest_complete(r));
    MPI_Wait(&r, MPI_STATUS_IGNORE);
    FAILS(MPI_ERR_REQUEST, MPI_Grequest_complete(copy));
}

static void *
complete_later(void *request)
{
    usleep(20000);
    MPI_Grequest_complete(*(MPI_Request *)request);
    return NULL;
}

static void
by_another_thread(void)
{
    struct work w[2];
    for (int how = 0; how < 4; how++) {
        MPI_Request r[2] = {begin(&w[0]), begin(&w[1])}, copy = r[1];
        pthread_t thread;
        int index, n, indices[2];
        pthread_create(&thread, NULL, complete_later, &copy);
        if (how == 0)
            MPI_Wait(&r[1], MPI_STATUS_IGNORE);
        else if (how == 1)
            MPI_Waitany(2, r, &index, MPI_STATUS_IGNORE);
        else if (how == 2)
            MPI_Waitsome(2, r, &n, indices, MPI_STATUSES_IGNORE);
        else
            MPI_Waitall(1, &r[1], MPI_STATUSES_IGNORE);
        pthread_join(thread, NULL);
        CHECK(r[1] == MPI_REQUEST_NULL && r[0] != MPI_REQUEST_NULL, "way %d", how);
        expect(&w[1], 1, 1);
        MPI_Grequest_complete(r[0]);
        MPI_Wait(&r[0], MPI_STATUS_IGNORE);
    }
}

int
main(int argc, char **argv)
{
    int provided;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    one();
    several();
    codes();
    freed();
    errors();
    by_another_thread();
    MPI_Finalize();
    return 0;
}
