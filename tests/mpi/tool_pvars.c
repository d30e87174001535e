// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The tool interface's performance variables, enumerations and categories (MPI 5.0, 15.3.5, 15.3.7,
 * 15.3.9): what they count is what the program has done, whoever else looks. */
#include "check.h"

#include <string.h>
#include <unistd.h>

typedef unsigned long long count_t;

struct variable {
    int index, count;
    MPI_T_pvar_handle handle;
};

static MPI_T_pvar_session session;

static struct variable
open_variable(MPI_T_pvar_session in, const char *name, int varclass)
{
    struct variable v = {-1, 0, MPI_T_PVAR_HANDLE_NULL};
    CHECK(MPI_T_pvar_get_index(name, varclass, &v.index) == MPI_SUCCESS, "%s", name);
    CHECK(MPI_T_pvar_handle_alloc(in, v.index, NULL, &v.handle, &v.count) == MPI_SUCCESS, "%s",
          name);
    return v;
}

static struct variable
start_variable(const char *name, int varclass)
{
    struct variable v = open_variable(session, name, varclass);
    CHECK(MPI_T_pvar_start(session, v.handle) == MPI_SUCCESS, "%s", name);
    return v;
}

static count_t
number(struct variable v)
{
    count_t value = 77;
    CHECK(v.count == 1, "%d", v.count);
    CHECK(MPI_T_pvar_read(session, v.handle, &value) == MPI_SUCCESS, " ");
    return value;
}

static void
close_variable(struct variable *v)
{
    MPI_T_pvar_handle gone = v->handle;
    count_t value;
    CHECK(MPI_T_pvar_handle_free(session, &v->handle) == MPI_SUCCESS, " ");
    CHECK(v->handle == MPI_T_PVAR_HANDLE_NULL, " ");
    CHECK(MPI_T_pvar_handle_free(session, &gone) == MPI_T_ERR_INVALID_HANDLE, " ");
    CHECK(MPI_T_pvar_read(session, gone, &value) == MPI_T_ERR_INVALID_HANDLE, " ");
}

/* Each rank sends its right neighbour 3 messages of `size` bytes, and to itself 2 of 10. */
static void
traffic(int size)
{
    int rank = world_rank(), ranks = world_size(), right = (rank + 1) % ranks;
    char *out = calloc(1, (size_t)size), *in = malloc((size_t)size), small[10] = "";
    for (int i = 0; i < 3; i++)
        MPI_Sendrecv(out, size, MPI_CHAR, right, 1, in, size, MPI_CHAR, (rank + ranks - 1) % ranks,
                     1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    for (int i = 0; i < 2; i++)
        MPI_Sendrecv(small, 10, MPI_CHAR, 0, 2, small, 10, MPI_CHAR, 0, 2, MPI_COMM_SELF,
                     MPI_STATUS_IGNORE);
    MPI_Barrier(MPI_COMM_WORLD);
    free(out);
    free(in);
}

/* What the library's own messages make is not counted. */
static void
make_and_free(void)
{
    MPI_Group group;
    MPI_Comm comm;
    MPI_Comm_group(MPI_COMM_WORLD, &group);
    MPI_Comm_create_group(MPI_COMM_WORLD, group, 1, &comm);
    MPI_Group_free(&group);
    MPI_Barrier(comm);
    MPI_Comm_free(&comm);
}

static void
check_peers(struct variable v, int peer, count_t each, count_t own)
{
    int rank = world_rank(), ranks = world_size();
    count_t values[64];
    CHECK(v.count == ranks, "%d", v.count);
    CHECK(MPI_T_pvar_read(session, v.handle, values) == MPI_SUCCESS, " ");
    for (int i = 0; i < ranks; i++) {
        count_t want = (i == peer ? each : 0) + (i == rank ? own : 0);
        CHECK(values[i] == want, "rank %d: %llu, not %llu", i, values[i], want);
    }
}

static void
peers(int size)
{
    int rank = world_rank(), ranks = world_size(), left = (rank + ranks - 1) % ranks;
    int right = (rank + 1) % ranks;
    struct variable sent = start_variable("muster_sent_messages", MPI_T_PVAR_CLASS_COUNTER);
    struct variable sent_bytes = start_variable("muster_sent_bytes", MPI_T_PVAR_CLASS_AGGREGATE);
    struct variable got = start_variable("muster_received_messages", MPI_T_PVAR_CLASS_COUNTER);
    struct variable got_bytes = start_variable("muster_received_bytes", MPI_T_PVAR_CLASS_AGGREGATE);
    traffic(size);
    make_and_free();
    check_peers(sent, right, 3, 2);
    check_peers(sent_bytes, right, 3 * (count_t)size, 20);
    check_peers(got, left, 3, 2);
    check_peers(got_bytes, left, 3 * (count_t)size, 20);
    CHECK(MPI_T_pvar_reset(session, got.handle) == MPI_SUCCESS, " ");
    check_peers(got, left, 0, 0);
    CHECK(MPI_T_pvar_stop(session, sent.handle) == MPI_SUCCESS, " ");
    traffic(size);
    check_peers(sent, right, 3, 2);
    check_peers(got, left, 3, 2);
    CHECK(MPI_T_pvar_start(session, sent.handle) == MPI_SUCCESS, " ");
    traffic(size);
    check_peers(sent, right, 6, 4);
    close_variable(&sent);
    close_variable(&sent_bytes);
    close_variable(&got);
    close_variable(&got_bytes);
}

/* Messages and receives that wait, to this process itself. */
static void
queues(void)
{
    struct variable unexpected =
        open_variable(session, "muster_unexpected_queue", MPI_T_PVAR_CLASS_LEVEL);
    struct variable posted = open_variable(session, "muster_posted_queue", MPI_T_PVAR_CLASS_LEVEL);
    struct variable most =
        start_variable("muster_unexpected_queue_most", MPI_T_PVAR_CLASS_HIGHWATERMARK);
    struct variable requests = open_variable(session, "muster_requests", MPI_T_PVAR_CLASS_LEVEL);
    count_t before = number(unexpected), posted_before = number(posted), alive = number(requests);
    CHECK(number(most) == before, "%llu", number(most));
    MPI_Request r[5];
    int n = 1;
    for (int i = 0; i < 5; i++)
        MPI_Irecv(&n, 1, MPI_INT, 0, 100 + i, MPI_COMM_SELF, &r[i]);
    CHECK(number(posted) == posted_before + 5, "%llu", number(posted));
    CHECK(number(requests) == alive + 5, "%llu", number(requests));
    for (int i = 0; i < 5; i++)
        MPI_Send(&n, 1, MPI_INT, 0, 100 + i, MPI_COMM_SELF);
    MPI_Waitall(5, r, MPI_STATUSES_IGNORE);
    CHECK(number(posted) == posted_before && number(most) == before, " ");
    for (int i = 0; i < 7; i++)
        MPI_Send(&n, 1, MPI_INT, 0, 200 + i, MPI_COMM_SELF);
    CHECK(number(unexpected) == before + 7 && number(most) == before + 7, " ");
    struct variable late =
        start_variable("muster_unexpected_queue_most", MPI_T_PVAR_CLASS_HIGHWATERMARK);
    for (int i = 0; i < 7; i++)
        MPI_Recv(&n, 1, MPI_INT, i ? 0 : MPI_ANY_SOURCE, i ? 200 + i : MPI_ANY_TAG, MPI_COMM_SELF,
                 MPI_STATUS_IGNORE);
    CHECK(number(unexpected) == before && number(late) == before + 7, " ");
    count_t highest;
    CHECK(MPI_T_pvar_readreset(session, late.handle, &highest) == MPI_SUCCESS, " ");
    CHECK(highest == before + 7 && number(late) == before, "%llu", number(late));
    CHECK(number(most) == before + 7, "%llu", number(most)); // each handle has its own
    close_variable(&unexpected);
    close_variable(&posted);
    close_variable(&most);
    close_variable(&late);
    close_variable(&requests);
}

static void
objects(void)
{
    struct variable comms = open_variable(session, "muster_communicators", MPI_T_PVAR_CLASS_LEVEL);
    struct variable types = open_variable(session, "muster_datatypes", MPI_T_PVAR_CLASS_LEVEL);
    count_t comms_before = number(comms), types_before = number(types);
    MPI_Comm comm;
    MPI_Datatype type;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Type_dup(MPI_INT, &type);
    CHECK(number(comms) == comms_before + 1 && number(types) == types_before + 1, " ");
    MPI_Comm_free(&comm);
    MPI_Type_free(&type);
    CHECK(number(comms) == comms_before && number(types) == types_before, " ");
    close_variable(&comms);
    close_variable(&types);
}

/* Rank 0 is late: rank 1 yields or sleeps meanwhile. */
static void
waiting(void)
{
    struct variable waited = start_variable("muster_time_waited", MPI_T_PVAR_CLASS_TIMER);
    struct variable sleeps = start_variable("muster_times_slept", MPI_T_PVAR_CLASS_COUNTER);
    struct variable slept = start_variable("muster_time_slept", MPI_T_PVAR_CLASS_TIMER);
    double seconds, asleep;
    int n = 0, rank = world_rank();
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_T_pvar_reset(session, MPI_T_PVAR_ALL_HANDLES);
    if (rank == 0 && world_size() > 1) {
        usleep(200000);
        MPI_Send(&n, 1, MPI_INT, 1, 5, MPI_COMM_WORLD);
    }
    if (rank == 1) {
        MPI_Recv(&n, 1, MPI_INT, 0, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_T_pvar_read(session, waited.handle, &seconds);
        MPI_T_pvar_read(session, slept.handle, &asleep);
        CHECK(number(sleeps) >= 1, "%llu", number(sleeps));
        CHECK(asleep > 0.1 && seconds >= asleep && seconds < 50, "%g %g", asleep, seconds);
        MPI_T_pvar_stop(session, waited.handle);
        double set = 1.5;
        CHECK(MPI_T_pvar_write(session, waited.handle, &set) == MPI_SUCCESS, " ");
        MPI_T_pvar_read(session, waited.handle, &seconds);
        CHECK(seconds > 1.49 && seconds < 1.51, "%g", seconds);
    }
    close_variable(&waited);
    close_variable(&sleeps);
    close_variable(&slept);
}

/* Large messages: each is counted once, whichever way it went. */
static void
large(void)
{
    static const char *const names[] = {"muster_large_staged", "muster_large_direct",
                                        "muster_large_mapped"};
    struct variable v[3];
    count_t sum = 0;
    int rank = world_rank(), n = 1 << 20;
    char *data = calloc(1, (size_t)n), *mapped;
    if (world_size() < 2) {
        free(data);
        return;
    }
    MPI_Alloc_mem(n, MPI_INFO_NULL, &mapped);
    for (int i = 0; i < 3; i++)
        v[i] = start_variable(names[i], MPI_T_PVAR_CLASS_COUNTER);
    for (int i = 0; i < 20 && rank < 2; i++) {
        if (rank == 0)
            MPI_Send(i < 15 ? data : mapped, n, MPI_CHAR, 1, 6, MPI_COMM_WORLD);
        else
            MPI_Recv(data, n, MPI_CHAR, 0, 6, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    for (int i = 0; i < 3; i++)
        sum += number(v[i]);
    CHECK(sum == (rank == 1 ? 20 : 0), "%llu", sum);
    CHECK(number(v[2]) == (rank == 1 ? 5 : 0), "%llu", number(v[2]));
    for (int i = 0; i < 3; i++)
        close_variable(&v[i]);
    MPI_Free_mem(mapped);
    free(data);
    MPI_Barrier(MPI_COMM_WORLD);
}

static int
is_view(int varclass)
{
    return varclass == MPI_T_PVAR_CLASS_LEVEL || varclass == MPI_T_PVAR_CLASS_SIZE ||
           varclass == MPI_T_PVAR_CLASS_STATE;
}

/* What every variable does, and refuses. */
static void
each(int index, int alone)
{
    char name[64], text[256];
    int name_length = sizeof name, text_length = sizeof text, verbosity, varclass, bind, readonly;
    int continuous, atomic, found, count;
    MPI_Datatype type;
    MPI_T_enum enumtype;
    MPI_T_pvar_handle handle;
    CHECK(MPI_T_pvar_get_info(index, name, &name_length, &verbosity, &varclass, &type, &enumtype,
                              text, &text_length, &bind, &readonly, &continuous,
                              &atomic) == MPI_SUCCESS,
          "%d", index);
    CHECK(name_length == (int)strlen(name) + 1 && text_length == (int)strlen(text) + 1, "%s", name);
    CHECK(bind == MPI_T_BIND_NO_OBJECT && type != MPI_DATATYPE_NULL, "%s", name);
    CHECK((enumtype != MPI_T_ENUM_NULL) == (varclass == MPI_T_PVAR_CLASS_STATE), "%s", name);
    CHECK(MPI_T_pvar_get_index(name, varclass, &found) == MPI_SUCCESS && found == index, "%s",
          name);
    CHECK(MPI_T_pvar_get_index(name, MPI_T_PVAR_CLASS_GENERIC, &found) == MPI_T_ERR_INVALID_NAME,
          "%s", name);
    CHECK(readonly == is_view(varclass) && continuous == readonly && atomic != readonly, "%s",
          name);
    CHECK(MPI_T_pvar_handle_alloc(session, index, NULL, &handle, &count) == MPI_SUCCESS, "%s",
          name);
    char *value = calloc((size_t)count, 8);
    int yes = MPI_SUCCESS, fixed = readonly ? MPI_T_ERR_PVAR_NO_STARTSTOP : yes;
    CHECK(MPI_T_pvar_read(session, handle, value) == yes, "%s", name);
    CHECK(MPI_T_pvar_start(session, handle) == fixed, "%s", name);
    CHECK(MPI_T_pvar_start(session, handle) == fixed, "%s", name);
    CHECK(MPI_T_pvar_stop(session, handle) == fixed, "%s", name);
    CHECK(MPI_T_pvar_reset(session, handle) == (readonly ? MPI_T_ERR_PVAR_NO_WRITE : yes), "%s",
          name);
    CHECK(MPI_T_pvar_write(session, handle, value) == (readonly ? MPI_T_ERR_PVAR_NO_WRITE : yes),
          "%s", name);
    CHECK(MPI_T_pvar_readreset(session, handle, value) ==
              (readonly ? MPI_T_ERR_PVAR_NO_ATOMIC : yes),
          "%s", name);
    CHECK(MPI_T_pvar_read(session, handle, NULL) == MPI_T_ERR_INVALID, "%s", name);
    if (alone)
        CHECK(count == 1, "%s: %d", name, count);
    CHECK(MPI_T_pvar_handle_free(session, &handle) == yes, "%s", name);
    free(value);
}

static void
wrong(void)
{
    MPI_T_pvar_session other, gone, wild = (MPI_T_pvar_session)(intptr_t)0x7777777777;
    MPI_T_pvar_handle handle, none = MPI_T_PVAR_HANDLE_NULL;
    MPI_T_pvar_handle odd = (MPI_T_pvar_handle)(intptr_t)-5;
    count_t value;
    int count, n;
    MPI_T_pvar_get_num(&n);
    MPI_T_pvar_session_create(&other);
    CHECK(MPI_T_pvar_handle_alloc(other, 0, NULL, &handle, &count) == MPI_SUCCESS, " ");
    CHECK(MPI_T_pvar_read(session, handle, &value) == MPI_T_ERR_INVALID_HANDLE, " ");
    CHECK(MPI_T_pvar_read(wild, handle, &value) == MPI_T_ERR_INVALID_SESSION, " ");
    CHECK(MPI_T_pvar_read(session, none, &value) == MPI_T_ERR_INVALID_HANDLE, " ");
    CHECK(MPI_T_pvar_read(session, odd, &value) == MPI_T_ERR_INVALID_HANDLE, " ");
    CHECK(MPI_T_pvar_read(session, MPI_T_PVAR_ALL_HANDLES, &value) == MPI_T_ERR_INVALID_HANDLE,
          " ");
    CHECK(MPI_T_pvar_start(wild, MPI_T_PVAR_ALL_HANDLES) == MPI_T_ERR_INVALID_SESSION, " ");
    CHECK(MPI_T_pvar_handle_alloc(session, n, NULL, &handle, &count) == MPI_T_ERR_INVALID_INDEX,
          " ");
    CHECK(MPI_T_pvar_handle_alloc(session, -1, NULL, &handle, &count) == MPI_T_ERR_INVALID_INDEX,
          " ");
    CHECK(MPI_T_pvar_handle_alloc(session, 0, NULL, NULL, &count) == MPI_T_ERR_INVALID, " ");
    CHECK(MPI_T_pvar_session_create(NULL) == MPI_T_ERR_INVALID, " ");
    CHECK(MPI_T_pvar_session_free(NULL) == MPI_T_ERR_INVALID_SESSION, " ");
    gone = other;
    CHECK(MPI_T_pvar_session_free(&other) == MPI_SUCCESS && other == MPI_T_PVAR_SESSION_NULL, " ");
    CHECK(MPI_T_pvar_session_free(&gone) == MPI_T_ERR_INVALID_SESSION, " ");
    CHECK(MPI_T_pvar_read(gone, handle, &value) == MPI_T_ERR_INVALID_SESSION, " ");
    CHECK(MPI_T_pvar_get_info(n, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                              NULL) == MPI_T_ERR_INVALID_INDEX,
          " ");
}

static void
check_state(const char *want)
{
    struct variable v = open_variable(session, "muster_state", MPI_T_PVAR_CLASS_STATE);
    MPI_T_enum type = MPI_T_ENUM_NULL;
    char name[64], cut[4];
    int state, items, value, length = sizeof name, cut_length = sizeof cut;
    MPI_T_pvar_get_info(v.index, NULL, NULL, NULL, NULL, NULL, &type, NULL, NULL, NULL, NULL, NULL,
                        NULL);
    CHECK(MPI_T_pvar_read(session, v.handle, &state) == MPI_SUCCESS, " ");
    CHECK(MPI_T_enum_get_info(type, &items, name, &length) == MPI_SUCCESS && items > state, " ");
    length = sizeof name;
    CHECK(MPI_T_enum_get_item(type, state, &value, name, &length) == MPI_SUCCESS, " ");
    CHECK(value == state && strcmp(name, want) == 0, "'%s', not '%s'", name, want);
    MPI_T_enum_get_item(type, state, NULL, cut, &cut_length);
    CHECK(cut_length == length && strncmp(cut, want, 3) == 0 && !cut[3], "'%s'", cut);
    CHECK(MPI_T_enum_get_item(type, items, &value, NULL, NULL) == MPI_T_ERR_INVALID_INDEX, " ");
    CHECK(MPI_T_enum_get_item(type, -1, &value, NULL, NULL) == MPI_T_ERR_INVALID_INDEX, " ");
    CHECK(MPI_T_enum_get_info(MPI_T_ENUM_NULL, &items, NULL, NULL) == MPI_T_ERR_INVALID_HANDLE,
          " ");
    type = (MPI_T_enum)(intptr_t)0x31415926;
    CHECK(MPI_T_enum_get_info(type, &items, NULL, NULL) == MPI_T_ERR_INVALID_HANDLE, " ");
    close_variable(&v);
}

/* Each variable and event is in one category, all but one category in another. */
static void
categories(void)
{
    int n, total[4] = {0}, want[4], number_[4], indices[64], found, stamp;
    MPI_T_category_get_num(&n);
    MPI_T_cvar_get_num(&want[0]);
    MPI_T_pvar_get_num(&want[1]);
    MPI_T_event_get_num(&want[2]);
    want[3] = n - 1;
    for (int i = 0; i < n; i++) {
        char name[64], text[128];
        int length = sizeof name, text_length = sizeof text;
        CHECK(MPI_T_category_get_info(i, name, &length, text, &text_length, &number_[0],
                                      &number_[1], &number_[3]) == MPI_SUCCESS,
              "%d", i);
        CHECK(MPI_T_category_get_num_events(i, &number_[2]) == MPI_SUCCESS, " ");
        CHECK(MPI_T_category_get_index(name, &found) == MPI_SUCCESS && found == i, "%s", name);
        int (*const get[])(int, int, int[]) = {MPI_T_category_get_cvars, MPI_T_category_get_pvars,
                                               MPI_T_category_get_events,
                                               MPI_T_category_get_categories};
        for (int k = 0; k < 4; k++) {
            memset(indices, 0xff, sizeof indices);
            CHECK(get[k](i, 64, indices) == MPI_SUCCESS, "%s %d", name, k);
            for (int j = 0; j < number_[k]; j++)
                CHECK(indices[j] >= 0 && indices[j] <= want[k], "%s %d", name, indices[j]);
            CHECK(indices[number_[k]] == -1, "%s %d", name, k);
            CHECK(get[k](i, 0, NULL) == MPI_SUCCESS, " ");
            CHECK(get[k](i, 1, NULL) == MPI_T_ERR_INVALID, " ");
            CHECK(get[k](i, -1, indices) == MPI_T_ERR_INVALID, " ");
            CHECK(get[k](n, 1, indices) == MPI_T_ERR_INVALID_INDEX, " ");
            total[k] += number_[k];
        }
    }
    for (int k = 0; k < 4; k++)
        CHECK(total[k] == want[k], "%d: %d, not %d", k, total[k], want[k]);
    CHECK(MPI_T_category_changed(&stamp) == MPI_SUCCESS, " ");
    CHECK(MPI_T_category_get_index("no such", &found) == MPI_T_ERR_INVALID_NAME, " ");
}

static void
everything(int alone)
{
    int n;
    MPI_T_pvar_get_num(&n);
    CHECK(n > 10, "%d", n);
    for (int i = 0; i < n; i++)
        each(i, alone);
    wrong();
    categories();
}

int
main(int argc, char **argv)
{
    int provided, n;
    CHECK(MPI_T_pvar_session_create(&session) == MPI_T_ERR_NOT_INITIALIZED, " ");
    CHECK(MPI_T_category_changed(&n) == MPI_T_ERR_NOT_INITIALIZED, " ");
    MPI_T_init_thread(MPI_THREAD_SINGLE, &provided);
    CHECK(MPI_T_pvar_session_create(&session) == MPI_SUCCESS, " ");
    check_state("not initialized");
    struct variable early = start_variable("muster_sent_messages", MPI_T_PVAR_CLASS_COUNTER);
    everything(0);
    MPI_Init(&argc, &argv);
    CHECK(early.count == world_size(), "%d", early.count);
    everything(world_size() == 1);
    check_state("initialized");
    peers(8);
    peers(5000);
    peers(100000);
    int right = (world_rank() + 1) % world_size();
    count_t values[64], after[64];
    CHECK(MPI_T_pvar_read(session, early.handle, values) == MPI_SUCCESS, " ");
    CHECK(values[right] >= 27, "%llu", values[right]);
    queues();
    objects();
    waiting();
    large();
    MPI_T_pvar_read(session, early.handle, values);
    MPI_Finalize();
    check_state("finalized");
    CHECK(MPI_T_pvar_read(session, early.handle, after) == MPI_SUCCESS, " ");
    CHECK(after[right] == values[right], "%llu", after[right]);
    MPI_T_finalize();
    CHECK(MPI_T_pvar_read(session, early.handle, values) == MPI_T_ERR_NOT_INITIALIZED, " ");
    MPI_T_init_thread(MPI_THREAD_SINGLE, &provided);
    CHECK(MPI_T_pvar_read(session, early.handle, values) == MPI_T_ERR_INVALID_SESSION, " ");
    MPI_T_finalize();
    return 0;
}
