// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Hints of communicators (MPI 5.0, 7.4.4), and MPI_Comm_disconnect (11.10.4). */
#include "errors.h"

#include <string.h>

static const char *const keys[] = {
    "mpi_assert_no_any_tag",
    "mpi_assert_no_any_source",
    "mpi_assert_exact_length",
    "mpi_assert_allow_overtaking",
    "mpi_assert_strict_persistent_collective_ordering",
};
#define KEYS 5

// "01001": which of the assertions are set.
static void
expect(MPI_Comm comm, const char *set)
{
    MPI_Info info;
    char value[64];
    int flag, length, n;
    CHECK(MPI_Comm_get_info(comm, &info) == MPI_SUCCESS, " ");
    for (int i = 0; i < KEYS; i++) {
        length = sizeof value;
        MPI_Info_get_string(info, keys[i], &length, value, &flag);
        CHECK(flag && strcmp(value, set[i] == '1' ? "true" : "false") == 0, "%s is %s", keys[i],
              flag ? value : "not there");
    }
    length = sizeof value;
    MPI_Info_get_string(info, "mpi_memory_alloc_kinds", &length, value, &flag);
    CHECK(flag && strcmp(value, "mpi,system") == 0, " ");
    MPI_Info_get_nkeys(info, &n);
    CHECK(n == KEYS + 1, "%d keys: unknown ones are ignored", n);
    MPI_Info_free(&info);
}

static MPI_Info
info_of(const char *set)
{
    MPI_Info info;
    MPI_Info_create(&info);
    for (int i = 0; i < KEYS; i++)
        if (set[i] != '-')
            MPI_Info_set(info, keys[i], set[i] == '1' ? "true" : "false");
    MPI_Info_set(info, "unknown", "true");
    return info;
}

static void
hints(void)
{
    MPI_Comm comm, dup;
    MPI_Info info = info_of("1-1--");
    expect(MPI_COMM_WORLD, "00000");
    CHECK(MPI_Comm_dup_with_info(MPI_COMM_WORLD, info, &comm) == MPI_SUCCESS, " ");
    MPI_Info_free(&info);
    expect(comm, "10100");
    info = info_of("0--1-");
    CHECK(MPI_Comm_set_info(comm, info) == MPI_SUCCESS, " "); // others stay
    MPI_Info_set(info, keys[2], "maybe");
    MPI_Info_set(info, keys[4], "1");
    CHECK(MPI_Comm_set_info(comm, info) == MPI_SUCCESS, "values that are none are ignored");
    MPI_Info_free(&info);
    expect(comm, "00110");
    MPI_Comm_dup(comm, &dup); // no communicator has those of another
    expect(dup, "00000");
    MPI_Comm_free(&dup);
    CHECK(MPI_Comm_dup_with_info(comm, MPI_INFO_NULL, &dup) == MPI_SUCCESS, " ");
    expect(dup, "00000");
    MPI_Comm_free(&dup);
    info = info_of("----1");
    MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, info, &dup);
    expect(dup, "00001");
    MPI_Info_free(&info);
    MPI_Comm_get_info(comm, &info);
    CHECK(MPI_Comm_set_info(dup, info) == MPI_SUCCESS, " "); // what was got can be set
    expect(dup, "00110");
    MPI_Info_free(&info);
    MPI_Comm_free(&dup);
    MPI_Comm_free(&comm);
}

// The kinds of memory that the user asserts to use (MPI 5.0, 11.4.3): kept if all are supported.
static void
kinds_of_memory(void)
{
    static const struct {
        const char *asserted, *told; // NULL: ignored
    } cases[] = {
        {"mpi", "mpi"},
        {"system,mpi", "system,mpi"},
        {"mpi,system", "mpi,system"},
        {"mpi:alloc_mem:win_allocate", "mpi:alloc_mem,mpi:win_allocate"},
        {"system,mpi:win_allocate_shared", "system,mpi:win_allocate_shared"},
        {"", ""},
        {"cuda:device", NULL},
        {"system,cuda:device", NULL},
        {"mpi:", NULL},
        {"mpi:alloc", NULL},
        {"mpix", NULL},
        {"mpi,,system", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char value[128] = "";
        int length = sizeof value, flag;
        MPI_Info info;
        MPI_Comm comm;
        MPI_Info_create(&info);
        MPI_Info_set(info, "mpi_assert_memory_alloc_kinds", cases[i].asserted);
        MPI_Comm_dup_with_info(MPI_COMM_WORLD, info, &comm);
        MPI_Info_free(&info);
        MPI_Comm_get_info(comm, &info);
        MPI_Info_get_string(info, "mpi_assert_memory_alloc_kinds", &length, value, &flag);
        CHECK(!flag == !cases[i].told && (!flag || strcmp(value, cases[i].told) == 0), "'%s': '%s'",
              cases[i].asserted, value);
        MPI_Info_free(&info);
        MPI_Comm_free(&comm);
    }
}

static void
attributes_are_copied(void)
{
    int keyval, flag, x;
    void *value;
    MPI_Comm dup;
    MPI_Comm_create_keyval(MPI_COMM_DUP_FN, NULL, &keyval, NULL);
    MPI_Comm_set_attr(MPI_COMM_WORLD, keyval, &x);
    MPI_Comm_dup_with_info(MPI_COMM_WORLD, MPI_INFO_NULL, &dup);
    MPI_Comm_get_attr(dup, keyval, &value, &flag);
    CHECK(flag && value == &x, " ");
    MPI_Comm_free(&dup);
    MPI_Comm_delete_attr(MPI_COMM_WORLD, keyval);
    MPI_Comm_free_keyval(&keyval);
}

// Requests that were dropped go on, and disconnecting waits for them.
static void
disconnect(void)
{
    static char out[300000], in[300000];
    int rank = world_rank(), size = world_size(), to = (rank + 1) % size;
    MPI_Comm comm;
    MPI_Request request;
    for (int round = 0; round < 20; round++) {
        MPI_Comm_dup(MPI_COMM_WORLD, &comm);
        memset(out, round + rank, sizeof out);
        memset(in, 0, sizeof in);
        MPI_Irecv(in, sizeof in, MPI_CHAR, (rank + size - 1) % size, 0, comm, &request);
        MPI_Request_free(&request);
        MPI_Isend(out, sizeof out, MPI_CHAR, to, 0, comm, &request);
        MPI_Request_free(&request);
        CHECK(MPI_Comm_disconnect(&comm) == MPI_SUCCESS && comm == MPI_COMM_NULL, " ");
        for (size_t i = 0; i < sizeof in; i += 4999)
            CHECK(in[i] == (char)(round + (rank + size - 1) % size), "%zu", i);
    }
}

static void
errors(void)
{
    MPI_Comm comm = MPI_COMM_WORLD;
    MPI_Info info;
    int err;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    CHECK(class_of(err = MPI_Comm_set_info(comm, MPI_INFO_NULL)) == MPI_ERR_INFO, "%d", err);
    CHECK(class_of(err = MPI_Comm_get_info(comm, NULL)) == MPI_ERR_ARG, "%d", err);
    CHECK(class_of(err = MPI_Comm_get_info(MPI_COMM_NULL, &info)) == MPI_ERR_COMM, "%d", err);
    err = MPI_Comm_dup_with_info(comm, (MPI_Info)(size_t)0x123456, &comm);
    CHECK(class_of(err) == MPI_ERR_INFO, "%d", err);
    CHECK(class_of(err = MPI_Comm_disconnect(&comm)) == MPI_ERR_COMM, "%d", err);
    CHECK(comm == MPI_COMM_WORLD, " ");
    CHECK(class_of(err = MPI_Comm_disconnect(NULL)) == MPI_ERR_ARG, "%d", err);
    comm = MPI_COMM_NULL;
    CHECK(class_of(err = MPI_Comm_disconnect(&comm)) == MPI_ERR_COMM, "%d", err);
}

int
main(void)
{
    MPI_Init(NULL, NULL);
    hints();
    kinds_of_memory();
    attributes_are_copied();
    disconnect();
    errors();
    MPI_Finalize();
    return 0;
}
