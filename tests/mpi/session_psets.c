// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Process sets, their groups, communicators of groups, and error handlers of sessions. */
#include "errors.h"

#include <pthread.h>
#include <string.h>

static MPI_Session session;
static int heard; // codes that the handler below has got
static MPI_Session heard_from;
static int last_class;

static void
listen(MPI_Session *from, int *code, ...)
{
    heard++;
    heard_from = *from;
    MPI_Error_class(*code, &last_class);
}

static void
names(void)
{
    int n = -1, length, world = 0, self = 0;
    char name[MPI_MAX_PSET_NAME_LEN], part[5] = "....";
    CHECK(MPI_Session_get_num_psets(session, MPI_INFO_NULL, &n) == MPI_SUCCESS && n >= 2, "%d", n);
    for (int i = 0; i < n; i++) {
        length = 0;
        CHECK(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, i, &length, NULL) == MPI_SUCCESS,
              " ");
        int need = length;
        length = sizeof name;
        CHECK(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, i, &length, name) == MPI_SUCCESS,
              " ");
        CHECK(length == need && (int)strlen(name) == need - 1, "%s: %d, %d", name, length, need);
        length = sizeof part;
        CHECK(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, i, &length, part) == MPI_SUCCESS,
              " ");
        CHECK(length == need && strlen(part) == 4 && !strncmp(part, name, 4), "%s", part);
        world += !strcmp(name, "mpi://WORLD");
        self += !strcmp(name, "mpi://SELF");
    }
    CHECK(world == 1 && self == 1, "%d %d", world, self);
}

static void
size_of(const char *pset, int size)
{
    char value[32];
    int length = sizeof value, flag = 0, n;
    MPI_Info info;
    MPI_Group group;
    CHECK(MPI_Session_get_pset_info(session, pset, &info) == MPI_SUCCESS, " ");
    MPI_Info_get_string(info, "mpi_size", &length, value, &flag);
    CHECK(flag && atoi(value) == size, "%s", value);
    MPI_Info_free(&info);
    CHECK(MPI_Group_from_session_pset(session, pset, &group) == MPI_SUCCESS, " ");
    CHECK(MPI_Group_size(group, &n) == MPI_SUCCESS && n == size, "%d", n);
    MPI_Group_free(&group);
}

// Groups of a session and of the World model name the same processes.
static void
compared(void)
{
    MPI_Group ours, world;
    int result;
    MPI_Group_from_session_pset(session, "mpi://WORLD", &ours);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    CHECK(MPI_Group_compare(ours, world, &result) == MPI_SUCCESS && result == MPI_IDENT, "%d",
          result);
    MPI_Group_free(&ours);
    MPI_Group_free(&world);
}

static MPI_Group
every(int step, int first)
{
    MPI_Group all, part;
    int range[1][3] = {{first, world_size() - 1, step}};
    MPI_Group_from_session_pset(session, "mpi://WORLD", &all);
    MPI_Group_range_incl(all, 1, range, &part);
    MPI_Group_free(&all);
    return part;
}

static int
sum_of(MPI_Comm comm)
{
    int sum = -1, mine = world_rank();
    MPI_Allreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, comm);
    return sum;
}

// Groups that overlap, made one after the other, and reversed.
static void
parts(void)
{
    for (int step = 1; step <= 3; step++) {
        for (int first = 0; first < step && first < world_size(); first++) {
            MPI_Group group = every(step, first);
            MPI_Comm comm = MPI_COMM_NULL;
            int rank, expected = 0;
            MPI_Group_rank(group, &rank);
            for (int r = first; r < world_size(); r += step)
                expected += r;
            if (rank != MPI_UNDEFINED) {
                CHECK(MPI_Comm_create_from_group(group, "part", MPI_INFO_NULL, MPI_ERRORS_RETURN,
                                                 &comm) == MPI_SUCCESS,
                      " ");
                CHECK(sum_of(comm) == expected, "step %d", step);
                MPI_Comm_free(&comm);
            } else {
                CHECK(class_of(MPI_Comm_create_from_group(
                          group, "part", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm)) == MPI_ERR_GROUP,
                      " ");
            }
            MPI_Group_free(&group);
        }
    }
    MPI_Comm none = MPI_COMM_SELF;
    CHECK(MPI_Comm_create_from_group(MPI_GROUP_EMPTY, "none", MPI_INFO_NULL, MPI_ERRORS_RETURN,
                                     &none) == MPI_SUCCESS &&
              none == MPI_COMM_NULL,
          " ");
}

// Threads that make communicators of the same group at once, each with a tag of its own, while the
// ranks have the threads run in different orders.
struct job {
    char tag[32];
    MPI_Comm comm;
};

static void *
make_one(void *argument)
{
    struct job *job = argument;
    MPI_Group group = every(1, 0);
    CHECK(MPI_Comm_create_from_group(group, job->tag, MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL,
                                     &job->comm) == MPI_SUCCESS,
          " ");
    MPI_Group_free(&group);
    return NULL;
}

static void
at_once(void)
{
    struct job jobs[6];
    pthread_t threads[6];
    for (int i = 0; i < 6; i++) {
        int at = (i + world_rank()) % 6;
        snprintf(jobs[at].tag, sizeof jobs[at].tag, "org.example.%d", at);
        pthread_create(&threads[at], NULL, make_one, &jobs[at]);
    }
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 6; i++) {
        int value = world_rank() == 0 ? i : -1;
        MPI_Bcast(&value, 1, MPI_INT, 0, jobs[i].comm);
        CHECK(value == i, "%d in %d", value, i);
        MPI_Comm_free(&jobs[i].comm);
    }
}

// The last rank has another group in mind.
static void
disagreement(void)
{
    int size = world_size();
    if (size < 3)
        return;
    MPI_Group group = world_rank() == size - 1 ? every(size - 1, 0) : every(1, 0);
    MPI_Comm comm;
    int code = MPI_Comm_create_from_group(group, "mine", MPI_INFO_NULL, MPI_ERRORS_RETURN, &comm);
    CHECK(class_of(code) == MPI_ERR_GROUP && says(code, "mine", "{0, "), "%d", code);
    MPI_Group_free(&group);
}

static void
handlers(void)
{
    MPI_Errhandler handler, got, wrong;
    MPI_Session other;
    MPI_Group group, part;
    int n, rank = 1000, before;
    CHECK(MPI_Session_create_errhandler(listen, &handler) == MPI_SUCCESS, " ");
    CHECK(MPI_Session_init(MPI_INFO_NULL, handler, &other) == MPI_SUCCESS, " ");
    CHECK(MPI_Session_get_errhandler(other, &got) == MPI_SUCCESS && got == handler, " ");
    MPI_Errhandler_free(&got);
    CHECK(MPI_Session_call_errhandler(other, MPI_ERR_TAG) == MPI_SUCCESS, " ");
    CHECK(heard == 1 && heard_from == other && last_class == MPI_ERR_TAG, "%d", heard);
    // Of the session, of its groups and of groups made of them.
    CHECK(class_of(MPI_Session_get_num_psets(other, MPI_INFO_NULL, NULL)) == MPI_ERR_ARG, " ");
    CHECK(heard == 2 && last_class == MPI_ERR_ARG, "%d", heard);
    CHECK(class_of(MPI_Group_from_session_pset(other, "mpi://NOWHERE", &group)) == MPI_ERR_ARG,
          " ");
    CHECK(heard == 3 && group == MPI_GROUP_NULL, "%d", heard);
    MPI_Group_from_session_pset(other, "mpi://WORLD", &group);
    CHECK(class_of(MPI_Group_incl(group, 1, &rank, &part)) == MPI_ERR_RANK && heard == 4, " ");
    rank = 0;
    MPI_Group_incl(group, 1, &rank, &part);
    CHECK(class_of(MPI_Group_size(part, NULL)) == MPI_ERR_ARG && heard == 5, "%d", heard);
    MPI_Group_free(&part);
    MPI_Group_union(MPI_GROUP_EMPTY, group, &part);
    CHECK(class_of(MPI_Group_rank(part, NULL)) == MPI_ERR_ARG && heard == 6, "%d", heard);
    CHECK(heard_from == other, " ");
    MPI_Group_free(&part);

    CHECK(MPI_Session_set_errhandler(other, MPI_ERRORS_RETURN) == MPI_SUCCESS, " ");
    before = heard;
    CHECK(class_of(MPI_Session_get_info(other, NULL)) == MPI_ERR_ARG && heard == before, " ");
    MPI_Comm_create_errhandler((MPI_Comm_errhandler_function *)(void (*)(void))listen, &wrong);
    CHECK(class_of(MPI_Session_set_errhandler(other, wrong)) == MPI_ERR_ERRHANDLER, " ");
    CHECK(class_of(MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler)) == MPI_ERR_ERRHANDLER, " ");
    CHECK(class_of(MPI_Session_create_errhandler(NULL, &got)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Session_set_errhandler(MPI_SESSION_NULL, handler)) == MPI_ERR_SESSION, " ");
    MPI_Errhandler_free(&wrong);
    MPI_Session_set_errhandler(other, handler);
    MPI_Errhandler_free(&handler);
    CHECK(MPI_Session_finalize(&other) == MPI_SUCCESS, " ");
    // The group outlives it, and so does its handler.
    CHECK(MPI_Group_size(group, &n) == MPI_SUCCESS && n == world_size(), "%d", n);
    before = heard;
    CHECK(class_of(MPI_Group_rank(group, NULL)) == MPI_ERR_ARG && heard == before + 1, " ");
    CHECK(heard_from == MPI_SESSION_NULL, " ");
    MPI_Group_free(&group);
}

static void
levels(void)
{
    static const char *const wanted[] = {"MPI_THREAD_SINGLE", "MPI_THREAD_FUNNELED",
                                         "MPI_THREAD_SERIALIZED", "MPI_THREAD_MULTIPLE"};
    for (int i = 0; i < 4; i++) {
        char value[64];
        int length = sizeof value, flag;
        MPI_Info info, used;
        MPI_Session other;
        MPI_Info_create(&info);
        MPI_Info_set(info, "thread_level", wanted[i]);
        CHECK(MPI_Session_init(info, MPI_ERRORS_RETURN, &other) == MPI_SUCCESS, " ");
        MPI_Session_get_info(other, &used);
        MPI_Info_get_string(used, "thread_level", &length, value, &flag);
        CHECK(flag && !strcmp(value, wanted[i]), "%s, not %s", value, wanted[i]);
        MPI_Info_free(&info);
        MPI_Info_free(&used);
        MPI_Session_finalize(&other);
    }
    // Nothing asked for: that of the others.
    char value[64];
    int length = sizeof value, flag;
    MPI_Info used;
    MPI_Session other;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &other);
    MPI_Session_get_info(other, &used);
    MPI_Info_get_string(used, "thread_level", &length, value, &flag);
    CHECK(flag && !strcmp(value, "MPI_THREAD_MULTIPLE"), "%s", value);
    MPI_Info_free(&used);
    MPI_Session_finalize(&other);
}

static void
wrong_sessions(void)
{
    MPI_Session other = MPI_SESSION_NULL, stale;
    MPI_Info info;
    int n;
    CHECK(class_of(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Session_init(MPI_INFO_NULL, MPI_ERRHANDLER_NULL, &other)) ==
              MPI_ERR_ERRHANDLER,
          " ");
    MPI_Info_create(&info);
    MPI_Info_set(info, "thread_level", "MPI_THREAD_MANY");
    CHECK(says(MPI_Session_init(info, MPI_ERRORS_RETURN, &other), "thread_level", "THREAD_MANY"),
          " ");
    CHECK(other == MPI_SESSION_NULL, " ");
    stale = (MPI_Session)info;
    CHECK(class_of(MPI_Session_get_num_psets(stale, MPI_INFO_NULL, &n)) == MPI_ERR_SESSION, " ");
    MPI_Info_free(&info);
    CHECK(class_of(MPI_Session_init(info, MPI_ERRORS_RETURN, &other)) == MPI_SUCCESS, " ");
    stale = other;
    CHECK(MPI_Session_fromint(MPI_Session_toint(other)) == other, " ");
    CHECK(MPI_Session_fromint(MPI_Session_toint(MPI_SESSION_NULL)) == MPI_SESSION_NULL, " ");
    MPI_Session_finalize(&other);
    CHECK(class_of(MPI_Session_finalize(&other)) == MPI_ERR_SESSION, " ");
    CHECK(class_of(MPI_Session_finalize(&stale)) == MPI_ERR_SESSION, " ");
    CHECK(class_of(MPI_Session_finalize(NULL)) == MPI_ERR_ARG, " ");
    CHECK(says(MPI_Session_get_num_psets(stale, MPI_INFO_NULL, &n), "session", "freed"), " ");
}

static void
wrong_psets(void)
{
    MPI_Info info;
    MPI_Group group;
    char name[8];
    int length = 8;
    CHECK(class_of(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, -1, &length, name)) ==
              MPI_ERR_ARG,
          " ");
    CHECK(class_of(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, 2, &length, name)) ==
              MPI_ERR_ARG,
          " ");
    CHECK(class_of(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, 0, NULL, name)) == MPI_ERR_ARG,
          " ");
    CHECK(class_of(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, 0, &length, NULL)) ==
              MPI_ERR_ARG,
          " ");
    length = -1;
    CHECK(class_of(MPI_Session_get_nth_pset(session, MPI_INFO_NULL, 0, &length, name)) ==
              MPI_ERR_ARG,
          " ");
    CHECK(says(MPI_Session_get_pset_info(session, "mpi://NO", &info), "mpi://NO", "mpi://WORLD"),
          " ");
    CHECK(class_of(MPI_Session_get_pset_info(session, NULL, &info)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Session_get_pset_info(session, "mpi://SELF", NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Group_from_session_pset(session, NULL, &group)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Group_from_session_pset(session, "mpi://SELF", NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Group_from_session_pset(MPI_SESSION_NULL, "mpi://SELF", &group)) ==
              MPI_ERR_SESSION,
          " ");
}

static void
wrong_groups(void)
{
    MPI_Group self;
    MPI_Comm comm;
    char tag[MPI_MAX_STRINGTAG_LEN + 8];
    MPI_Group_from_session_pset(session, "mpi://SELF", &self);
    memset(tag, 'x', sizeof tag);
    tag[sizeof tag - 1] = '\0';
#define FROM(group, tag, errhandler, comm)                                                         \
    class_of(MPI_Comm_create_from_group(group, tag, MPI_INFO_NULL, errhandler, comm))
    CHECK(FROM(MPI_GROUP_NULL, "a", MPI_ERRORS_RETURN, &comm) == MPI_ERR_GROUP, " ");
    CHECK(FROM(self, NULL, MPI_ERRORS_RETURN, &comm) == MPI_ERR_ARG, " ");
    CHECK(FROM(self, tag, MPI_ERRORS_RETURN, &comm) == MPI_ERR_ARG, " ");
    CHECK(FROM(self, "a", MPI_ERRHANDLER_NULL, &comm) == MPI_ERR_ERRHANDLER, " ");
    CHECK(FROM(self, "a", MPI_ERRORS_RETURN, NULL) == MPI_ERR_ARG, " ");
    tag[MPI_MAX_STRINGTAG_LEN - 1] = '\0';
    CHECK(FROM(self, tag, MPI_ERRORS_RETURN, &comm) == MPI_SUCCESS, " ");
    MPI_Comm_free(&comm);
    MPI_Group_free(&self);
}

int
main(void)
{
    int provided;
    MPI_Info info;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Info_create(&info);
    MPI_Info_set(info, "thread_level", "MPI_THREAD_MULTIPLE");
    CHECK(MPI_Session_init(info, MPI_ERRORS_RETURN, &session) == MPI_SUCCESS, " ");
    MPI_Info_free(&info);
    names();
    size_of("mpi://WORLD", world_size());
    size_of("mpi://SELF", 1);
    compared();
    parts();
    at_once();
    disagreement();
    handlers();
    levels();
    wrong_sessions();
    wrong_psets();
    wrong_groups();
    MPI_Session_finalize(&session);
    MPI_Finalize();
    return 0;
}
