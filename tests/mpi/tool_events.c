// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Events of the tool interface (MPI 5.0, 15.3.8): each that happens is told once, in order, to who
 * has asked; callbacks may call MPI, and may free their own registration. */
#include "check.h"

#include <string.h>
#include <unistd.h>

struct record {
    int calls, last_tag, last_source;
    unsigned long long last_amount;
    MPI_Count last_time;
    int again; // the callback sends to itself
    int leave; // it frees its registration
    int freed;
};

struct data { // as event_get_info describes it
    int rank, tag;
    unsigned long long amount;
};

static int
event_index(const char *name)
{
    int index = -1;
    CHECK(MPI_T_event_get_index(name, &index) == MPI_SUCCESS, "%s", name);
    return index;
}

static void
gone(MPI_T_event_registration registration, MPI_T_cb_safety safety, void *data)
{
    (void)registration;
    CHECK(safety == MPI_T_CB_REQUIRE_NONE, "%d", (int)safety);
    ((struct record *)data)->freed++;
}

static struct data
look(MPI_T_event_instance event, int index)
{
    struct data data = {-7, -7, 0};
    MPI_Datatype types[8];
    MPI_Aint at[8];
    char all[64], one[8], copied[64];
    int n = 8;
    CHECK(MPI_T_event_get_info(index, NULL, NULL, NULL, types, at, &n, NULL, NULL, NULL, NULL,
                               NULL) == MPI_SUCCESS,
          " ");
    memset(all, 0x55, sizeof all);
    CHECK(MPI_T_event_copy(event, all) == MPI_SUCCESS, " ");
    for (int i = 0; i < n; i++) {
        size_t size = types[i] == MPI_INT ? sizeof(int) : sizeof(unsigned long long);
        CHECK(MPI_T_event_read(event, i, one) == MPI_SUCCESS, "%d", i);
        CHECK(memcmp(one, all + at[i], size) == 0, "%d", i);
        memcpy(i == 0   ? (void *)&data.rank
               : i == 1 ? (void *)&data.tag
                        : (void *)&data.amount,
               one, size);
    }
    memcpy(copied, all, sizeof all);
    CHECK(MPI_T_event_read(event, n, one) == MPI_T_ERR_INVALID_INDEX, " ");
    CHECK(MPI_T_event_read(event, -1, one) == MPI_T_ERR_INVALID_INDEX, " ");
    CHECK(MPI_T_event_read(event, 0, NULL) == MPI_T_ERR_INVALID, " ");
    CHECK(MPI_T_event_copy(event, NULL) == MPI_T_ERR_INVALID, " ");
    return data;
}

static MPI_T_event_instance kept;

static void
arrived(MPI_T_event_instance event, MPI_T_event_registration registration, MPI_T_cb_safety safety,
        void *user)
{
    struct record *r = user;
    struct data data = look(event, event_index("muster_unexpected_message"));
    MPI_Count time, now;
    int source = -1, n = 0;
    CHECK(safety == MPI_T_CB_REQUIRE_NONE, "%d", (int)safety);
    CHECK(MPI_T_event_get_timestamp(event, &time) == MPI_SUCCESS, " ");
    CHECK(MPI_T_event_get_source(event, &source) == MPI_SUCCESS && source == 0, "%d", source);
    CHECK(MPI_T_source_get_timestamp(0, &now) == MPI_SUCCESS, " ");
    CHECK(time >= r->last_time && time <= now, "%lld %lld", (long long)time, (long long)now);
    kept = event;
    r->calls++;
    r->last_source = data.rank;
    r->last_tag = data.tag;
    r->last_amount = data.amount;
    r->last_time = time;
    if (r->again) { // any call of MPI, one that causes an event as well
        r->again--;
        MPI_Send(&n, 1, MPI_INT, 0, 99, MPI_COMM_SELF);
        MPI_Recv(&n, 1, MPI_INT, 0, 99, MPI_COMM_SELF, MPI_STATUS_IGNORE);
    }
    if (r->leave) {
        CHECK(MPI_T_event_handle_free(registration, r, gone) == MPI_SUCCESS, " ");
        CHECK(MPI_T_event_handle_free(registration, r, gone) == MPI_T_ERR_INVALID_HANDLE, " ");
        CHECK(r->freed == 0, " ");
    }
}

static MPI_T_event_registration
ask(const char *name, MPI_T_cb_safety safety, MPI_T_event_cb_function *function, void *data)
{
    MPI_T_event_registration registration;
    CHECK(MPI_T_event_handle_alloc(event_index(name), NULL, MPI_INFO_NULL, &registration) ==
              MPI_SUCCESS,
          " ");
    CHECK(MPI_T_event_register_callback(registration, safety, MPI_INFO_NULL, data, function) ==
              MPI_SUCCESS,
          " ");
    return registration;
}

static void
send_self(int tag)
{
    int n = 3;
    MPI_Send(&n, 1, MPI_INT, 0, tag, MPI_COMM_SELF);
}

static void
recv_self(int tag)
{
    int n;
    MPI_Recv(&n, 1, MPI_INT, 0, tag, MPI_COMM_SELF, MPI_STATUS_IGNORE);
}

static void
unexpected(MPI_T_cb_safety safety)
{
    struct record r = {0}, once = {.leave = 1};
    MPI_T_event_registration first = ask("muster_unexpected_message", safety, arrived, &r);
    for (int i = 0; i < 5; i++) {
        send_self(10 + i);
        CHECK(r.calls == i + 1 && r.last_tag == 10 + i && r.last_source == 0 && r.last_amount == 4,
              "%d calls, tag %d", r.calls, r.last_tag);
    }
    CHECK(MPI_T_event_copy(kept, &once) == MPI_T_ERR_INVALID_HANDLE, " ");
    ask("muster_unexpected_message", safety, arrived, &once);
    send_self(15);
    send_self(16);
    CHECK(r.calls == 7 && once.calls == 1 && once.freed == 1, "%d %d", r.calls, once.calls);
    for (int i = 0; i < 7; i++)
        recv_self(10 + i);
    CHECK(r.calls == 7, "%d", r.calls);
    r.again = 1;
    send_self(20);
    recv_self(20);
    CHECK(r.calls == 9, "%d", r.calls);
    CHECK(MPI_T_event_register_callback(first, safety, MPI_INFO_NULL, NULL, NULL) == MPI_SUCCESS,
          " ");
    send_self(21);
    recv_self(21);
    CHECK(r.calls == 9, "%d", r.calls);
    CHECK(MPI_T_event_handle_free(first, &r, gone) == MPI_SUCCESS && r.freed == 1, " ");
    CHECK(MPI_T_event_handle_free(first, NULL, NULL) == MPI_T_ERR_INVALID_HANDLE, " ");
}

/* ---- events that are dropped ---- */

static long long dropped;

static void
lost(MPI_Count count, MPI_T_event_registration registration, int source, MPI_T_cb_safety safety,
     void *user)
{
    (void)registration;
    CHECK(source == 0 && safety == MPI_T_CB_REQUIRE_NONE && user, "%d", source);
    dropped += count;
}

static int counted;

static void
count(MPI_T_event_instance event, MPI_T_event_registration registration, MPI_T_cb_safety safety,
      void *user)
{
    (void)event, (void)registration, (void)safety, (void)user;
    counted++;
}

static void
flood(MPI_T_event_instance event, MPI_T_event_registration registration, MPI_T_cb_safety safety,
      void *user)
{
    int *rounds = user;
    count(event, registration, safety, user);
    for (int i = 0; *rounds && i < 3000; i++)
        send_self(31);
    *rounds = 0;
}

/* While a callback runs events wait; too many are dropped, and counted. */
static void
too_many(void)
{
    int rounds = 1;
    MPI_T_event_registration r =
        ask("muster_unexpected_message", MPI_T_CB_REQUIRE_THREAD_SAFE, flood, &rounds);
    CHECK(MPI_T_event_set_dropped_handler(r, lost) == MPI_SUCCESS, " ");
    send_self(31);
    for (int i = 0; i < 3001; i++)
        recv_self(31);
    send_self(32);
    recv_self(32);
    CHECK(dropped > 0 && counted + dropped == 3002, "%d and %lld", counted, dropped);
    MPI_T_event_handle_free(r, NULL, NULL);
}

/* ---- sleeping, large messages ---- */

static int sleeps, wakes, began, ended;

static void
falls_asleep(MPI_T_event_instance event, MPI_T_event_registration registration,
             MPI_T_cb_safety safety, void *user)
{
    (void)registration, (void)safety, (void)user;
    sleeps += look(event, event_index("muster_sleep")).tag == 41;
}

static void
wakes_up(MPI_T_event_instance event, MPI_T_event_registration registration, MPI_T_cb_safety safety,
         void *user)
{
    (void)registration, (void)safety, (void)user;
    struct data data = look(event, event_index("muster_wake"));
    wakes += data.tag == 41 && data.rank == 0 && data.amount > 100000;
}

static void
begins(MPI_T_event_instance event, MPI_T_event_registration registration, MPI_T_cb_safety safety,
       void *user)
{
    (void)registration, (void)safety, (void)user;
    began += look(event, event_index("muster_large_begin")).amount == 1 << 20;
}

static void
ends(MPI_T_event_instance event, MPI_T_event_registration registration, MPI_T_cb_safety safety,
     void *user)
{
    (void)registration, (void)safety, (void)user;
    ended += look(event, event_index("muster_large_end")).amount == 1 << 20;
    CHECK(ended <= began, "%d %d", ended, began);
}

static void
between_ranks(void)
{
    int rank = world_rank(), n = 1 << 20;
    char *data = calloc(1, (size_t)n);
    MPI_T_event_registration r[4] = {
        ask("muster_sleep", MPI_T_CB_REQUIRE_NONE, falls_asleep, NULL),
        ask("muster_wake", MPI_T_CB_REQUIRE_NONE, wakes_up, NULL),
        ask("muster_large_begin", MPI_T_CB_REQUIRE_ASYNC_SIGNAL_SAFE, begins, NULL),
        ask("muster_large_end", MPI_T_CB_REQUIRE_NONE, ends, NULL),
    };
    MPI_Barrier(MPI_COMM_WORLD);
    for (int i = 0; i < 5 && rank == 0; i++) {
        usleep(50000);
        MPI_Send(data, n, MPI_CHAR, 1, 41, MPI_COMM_WORLD);
    }
    for (int i = 0; i < 5 && rank == 1; i++)
        MPI_Recv(data, n, MPI_CHAR, 0, 41, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (rank == 1) {
        CHECK(began == 5 && ended == 5, "%d %d", began, ended);
        CHECK(sleeps >= 5 && wakes >= 5, "%d %d", sleeps, wakes);
    }
    for (int i = 0; i < 4; i++)
        MPI_T_event_handle_free(r[i], NULL, NULL);
    MPI_Barrier(MPI_COMM_WORLD);
    free(data);
}

/* ---- what is asked, and what is wrong ---- */

static void
types(void)
{
    int n, sources, found;
    CHECK(MPI_T_event_get_num(&n) == MPI_SUCCESS && n > 0, "%d", n);
    for (int i = 0; i < n; i++) {
        char name[64], text[256], item[64];
        int length = sizeof name, text_length = sizeof text, verbosity, elements = 0, bind, items;
        MPI_T_enum type;
        MPI_Info info;
        CHECK(MPI_T_event_get_info(i, name, &length, &verbosity, NULL, NULL, &elements, &type,
                                   &info, text, &text_length, &bind) == MPI_SUCCESS,
              "%d", i);
        CHECK(length == (int)strlen(name) + 1 && text_length == (int)strlen(text) + 1, "%s", name);
        CHECK(MPI_T_event_get_index(name, &found) == MPI_SUCCESS && found == i, "%s", name);
        CHECK(bind == MPI_T_BIND_NO_OBJECT && elements > 0, "%s", name);
        CHECK(MPI_T_enum_get_info(type, &items, NULL, NULL) == MPI_SUCCESS, "%s", name);
        CHECK(items == elements, "%d %d", items, elements);
        length = sizeof item;
        CHECK(MPI_T_enum_get_item(type, 0, &found, item, &length) == MPI_SUCCESS, "%s", name);
        CHECK(MPI_Info_free(&info) == MPI_SUCCESS, "%s", name);
    }
    CHECK(MPI_T_source_get_num(&sources) == MPI_SUCCESS && sources == 1, "%d", sources);
    char name[64];
    int length = sizeof name;
    MPI_T_source_order order;
    MPI_Count ticks, most, time, later;
    CHECK(MPI_T_source_get_info(0, name, &length, NULL, NULL, &order, &ticks, &most, NULL) ==
              MPI_SUCCESS,
          " ");
    CHECK(order == MPI_T_SOURCE_ORDERED && ticks > 0 && most > ticks, "%lld", (long long)ticks);
    CHECK(MPI_T_source_get_timestamp(0, &time) == MPI_SUCCESS, " ");
    CHECK(MPI_T_source_get_timestamp(0, &later) == MPI_SUCCESS && later >= time, " ");
}

static void
wrong(void)
{
    int n;
    MPI_Count time;
    MPI_Info info;
    MPI_T_event_registration r, wild = (MPI_T_event_registration)(intptr_t)-3;
    MPI_T_event_instance none = (MPI_T_event_instance)(intptr_t)0x123456789abc;
    MPI_T_cb_safety odd = (MPI_T_cb_safety)7, safe = MPI_T_CB_REQUIRE_NONE;
    MPI_T_event_get_num(&n);
    CHECK(MPI_T_event_get_index("no such event", &n) == MPI_T_ERR_INVALID_NAME, " ");
    CHECK(MPI_T_event_handle_alloc(n, NULL, MPI_INFO_NULL, &r) == MPI_T_ERR_INVALID_INDEX, " ");
    CHECK(MPI_T_event_handle_alloc(-1, NULL, MPI_INFO_NULL, &r) == MPI_T_ERR_INVALID_INDEX, " ");
    CHECK(MPI_T_event_handle_alloc(0, NULL, MPI_INFO_NULL, NULL) == MPI_T_ERR_INVALID, " ");
    CHECK(MPI_T_event_handle_alloc(0, NULL, (MPI_Info)(intptr_t)-3, &r) == MPI_T_ERR_INVALID, " ");
    CHECK(MPI_T_event_handle_alloc(0, NULL, MPI_INFO_NULL, &r) == MPI_SUCCESS, " ");
    CHECK(MPI_T_event_register_callback(r, odd, MPI_INFO_NULL, NULL, count) == MPI_T_ERR_INVALID,
          " ");
    CHECK(MPI_T_event_register_callback(wild, safe, MPI_INFO_NULL, NULL, count) ==
              MPI_T_ERR_INVALID_HANDLE,
          " ");
    CHECK(MPI_T_event_set_dropped_handler(wild, lost) == MPI_T_ERR_INVALID_HANDLE, " ");
    CHECK(MPI_T_event_handle_set_info(r, MPI_INFO_NULL) == MPI_SUCCESS, " ");
    CHECK(MPI_T_event_handle_set_info(wild, MPI_INFO_NULL) == MPI_T_ERR_INVALID_HANDLE, " ");
    CHECK(MPI_T_event_handle_get_info(r, &info) == MPI_SUCCESS, " ");
    MPI_Info_get_nkeys(info, &n);
    CHECK(n == 0 && MPI_Info_free(&info) == MPI_SUCCESS, "%d", n);
    CHECK(MPI_T_event_handle_get_info(r, NULL) == MPI_T_ERR_INVALID, " ");
    CHECK(MPI_T_event_callback_set_info(r, safe, MPI_INFO_NULL) == MPI_SUCCESS, " ");
    CHECK(MPI_T_event_callback_set_info(r, odd, MPI_INFO_NULL) == MPI_T_ERR_INVALID, " ");
    CHECK(MPI_T_event_callback_get_info(r, safe, &info) == MPI_SUCCESS, " ");
    MPI_Info_free(&info);
    CHECK(MPI_T_event_handle_free(r, NULL, NULL) == MPI_SUCCESS, " ");
    CHECK(MPI_T_event_copy(none, &time) == MPI_T_ERR_INVALID_HANDLE, " ");
    CHECK(MPI_T_event_read(NULL, 0, &time) == MPI_T_ERR_INVALID_HANDLE, " ");
    CHECK(MPI_T_event_get_timestamp(none, &time) == MPI_T_ERR_INVALID_HANDLE, " ");
    CHECK(MPI_T_event_get_source(none, &n) == MPI_T_ERR_INVALID_HANDLE, " ");
    CHECK(MPI_T_source_get_timestamp(1, &time) == MPI_T_ERR_INVALID_INDEX, " ");
    CHECK(MPI_T_source_get_timestamp(0, NULL) == MPI_T_ERR_INVALID, " ");
}

/* The size of the job, known before MPI_Init: the lock is taken in jobs of odd size alone. */
static int
ranks_to_be(void)
{
    int index, ranks = 0;
    MPI_T_pvar_session session;
    MPI_T_pvar_handle handle;
    MPI_T_pvar_get_index("muster_sent_messages", MPI_T_PVAR_CLASS_COUNTER, &index);
    MPI_T_pvar_session_create(&session);
    MPI_T_pvar_handle_alloc(session, index, NULL, &handle, &ranks);
    MPI_T_pvar_session_free(&session);
    return ranks;
}

int
main(int argc, char **argv)
{
    int provided, n;
    CHECK(MPI_T_event_get_num(&n) == MPI_T_ERR_NOT_INITIALIZED, " ");
    CHECK(MPI_T_source_get_num(&n) == MPI_T_ERR_NOT_INITIALIZED, " ");
    MPI_T_init_thread(MPI_THREAD_MULTIPLE, &provided);
    types();
    wrong();
    int with_threads = ranks_to_be() % 2;
    MPI_Init_thread(&argc, &argv, with_threads ? MPI_THREAD_MULTIPLE : MPI_THREAD_SINGLE,
                    &provided);
    types();
    wrong();
    unexpected(MPI_T_CB_REQUIRE_NONE);
    unexpected(MPI_T_CB_REQUIRE_MPI_RESTRICTED);
    too_many();
    if (world_size() > 1)
        between_ranks();
    MPI_Finalize();
    types();
    wrong();
    MPI_T_finalize();
    return 0;
}
