// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Comm_split_type and MPI_Get_hw_resource_info (MPI 5.0, 7.4.2 and 9.1.2): by memory, by
 * hardware that the ranks are bound to, by process sets. */
#define _GNU_SOURCE // sched.h
#include "errors.h"

#include <sched.h>
#include <string.h>

#define KEY "mpi_hw_resource_type"

static MPI_Info
info_with(const char *key, const char *value)
{
    MPI_Info info;
    MPI_Info_create(&info);
    if (key)
        MPI_Info_set(info, key, value);
    return info;
}

// The size of the communicator; 0: MPI_COMM_NULL.
static int
split(MPI_Comm from, int type, MPI_Info info)
{
    MPI_Comm comm = MPI_COMM_WORLD;
    int size = 0, rank;
    CHECK(MPI_Comm_split_type(from, type, -world_rank(), info, &comm) == MPI_SUCCESS, "%d", type);
    if (comm == MPI_COMM_NULL)
        return 0;
    MPI_Comm_size(comm, &size);
    MPI_Comm_rank(comm, &rank);
    MPI_Allreduce(MPI_IN_PLACE, &rank, 1, MPI_INT, MPI_SUM, comm);
    CHECK(rank == size * (size - 1) / 2, "%d of %d", rank, size);
    MPI_Comm_free(&comm);
    return size;
}

static int
split_by(int type, const char *key, const char *value)
{
    MPI_Info info = info_with(key, value);
    int size = split(MPI_COMM_WORLD, type, info);
    MPI_Info_free(&info);
    return size;
}

static void
shared(void)
{
    int size = world_size(), rank = -1;
    MPI_Comm comm;
    CHECK(split(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, MPI_INFO_NULL) == size, " ");
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, -world_rank(), MPI_INFO_NULL, &comm);
    MPI_Comm_rank(comm, &rank);
    CHECK(rank == size - 1 - world_rank(), "the keys are not used: %d", rank);
    MPI_Comm_free(&comm);
    int mine = world_rank() % 2 ? MPI_UNDEFINED : MPI_COMM_TYPE_SHARED;
    CHECK(split(MPI_COMM_WORLD, mine, MPI_INFO_NULL) == (world_rank() % 2 ? 0 : (size + 1) / 2),
          " ");
    CHECK(split_by(MPI_COMM_TYPE_HW_GUIDED, KEY, "mpi_shared_memory") == size, " ");
    CHECK(split_by(MPI_COMM_TYPE_RESOURCE_GUIDED, KEY, "mpi_shared_memory") == size, " ");
}

static void
nothing(void)
{
    const int types[] = {MPI_COMM_TYPE_HW_GUIDED, MPI_COMM_TYPE_RESOURCE_GUIDED};
    for (int i = 0; i < 2; i++) {
        CHECK(split(MPI_COMM_WORLD, types[i], MPI_INFO_NULL) == 0, " ");
        CHECK(split_by(types[i], NULL, NULL) == 0, " ");
        CHECK(split_by(types[i], "foo", "bar") == 0, " ");
        CHECK(split_by(types[i], KEY, "no such thing") == 0, " ");
        CHECK(split_by(types[i], KEY, "hwloc://") == 0, " ");
    }
    CHECK(split_by(MPI_COMM_TYPE_HW_GUIDED, "mpi_pset_name", "mpi://WORLD") == 0, " ");
}

static void
psets(void)
{
    const int type = MPI_COMM_TYPE_RESOURCE_GUIDED;
    CHECK(split_by(type, "mpi_pset_name", "mpi://WORLD") == world_size(), " ");
    CHECK(split_by(type, "mpi_pset_name", "mpi://SELF") == 1, " ");
    CHECK(split_by(type, "mpi_pset_name", "mpi://OTHER") == 0, " ");
}

/* ---- hardware: each rank on a CPU of its own choice ---- */

static cpu_set_t all;

static int
nth_cpu(int n)
{
    int cpu = 0;
    for (;; cpu++)
        if (CPU_ISSET(cpu, &all) && n-- == 0)
            return cpu;
}

static void
bind_to(int n)
{
    cpu_set_t one = all;
    if (n >= 0) {
        CPU_ZERO(&one);
        CPU_SET(nth_cpu(n), &one);
    }
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0, " ");
}

static const char *
resource(MPI_Info info, const char *key)
{
    static char value[64];
    int length = sizeof value, flag;
    CHECK(MPI_Info_get_string(info, key, &length, value, &flag) == MPI_SUCCESS, " ");
    return flag ? value : "";
}

static void
told(int bound)
{
    MPI_Info info;
    CHECK(MPI_Get_hw_resource_info(&info) == MPI_SUCCESS, " ");
    int n = 0;
    MPI_Info_get_nkeys(info, &n);
    for (int i = 0; i < n; i++) {
        char key[MPI_MAX_INFO_KEY];
        MPI_Info_get_nthkey(info, i, key);
        CHECK(strncmp(key, "hwloc://", 8) == 0, "%s", key);
        const char *value = resource(info, key);
        CHECK(strcmp(value, "true") == 0 || strcmp(value, "false") == 0, "%s", value);
        CHECK(!bound || strcmp(value, "true") == 0, "%s of a single CPU", key);
        int size = split_by(MPI_COMM_TYPE_HW_GUIDED, KEY, key); // what is told can be used
        CHECK(!bound || size > 0, "%s", key);
    }
    CHECK(strcmp(resource(info, "hwloc://Machine"), "true") == 0, " ");
    CHECK(strcmp(resource(info, "hwloc://PU"), bound ? "true" : "false") == 0, " ");
    MPI_Info_free(&info);
}

static void
hardware(void)
{
    int rank = world_rank(), size = world_size(), cpus = CPU_COUNT(&all);
    if (cpus < 2)
        return;
    told(0);
    CHECK(split_by(MPI_COMM_TYPE_HW_GUIDED, KEY, "hwloc://PU") == 0, "bound to none");
    CHECK(split_by(MPI_COMM_TYPE_HW_GUIDED, KEY, "hwloc://Machine") == size, " ");
    bind_to(rank % 2);
    told(1);
    int mine = rank % 2 ? size / 2 : (size + 1) / 2;
    CHECK(split_by(MPI_COMM_TYPE_HW_GUIDED, KEY, "hwloc://PU") == mine, " ");
    CHECK(split_by(MPI_COMM_TYPE_RESOURCE_GUIDED, KEY, "HWLOC://pu") == mine, " ");
    CHECK(split_by(MPI_COMM_TYPE_RESOURCE_GUIDED, KEY, "hwthread") == mine, " ");
    MPI_Info info = info_with(NULL, NULL);
    int got = split(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_UNGUIDED, info);
    CHECK(got == (size > 1 ? mine : 0), "%d", got);
    CHECK((strncmp(resource(info, KEY), "hwloc://", 8) == 0) == (size > 1), "%s",
          resource(info, KEY));
    MPI_Info_free(&info);
    MPI_Comm part, further = MPI_COMM_WORLD;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_UNGUIDED, 0, MPI_INFO_NULL, &part);
    if (part != MPI_COMM_NULL) { // until nothing divides it
        MPI_Comm_split_type(part, MPI_COMM_TYPE_HW_UNGUIDED, 0, MPI_INFO_NULL, &further);
        CHECK(further == MPI_COMM_NULL, " ");
        MPI_Comm_free(&part);
    }
    bind_to(rank == 0 ? 0 : -1); // the others are on no single one
    CHECK(split_by(MPI_COMM_TYPE_HW_GUIDED, KEY, "hwloc://PU") == (rank == 0), " ");
    CHECK(split(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_UNGUIDED, MPI_INFO_NULL) ==
              (rank == 0 && size > 1),
          " ");
    bind_to(-1);
    CHECK(split(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_UNGUIDED, MPI_INFO_NULL) == 0, "bound to none");
}

/* ---- errors and intercommunicators ---- */

static void
errors(void)
{
    MPI_Comm comm = MPI_COMM_SELF;
    MPI_Info both = info_with(KEY, "hwloc://Core");
    int rank = world_rank(), size = world_size(), err;
    MPI_Info_set(both, "mpi_pset_name", "mpi://SELF");
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    err = MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_RESOURCE_GUIDED, 0, both, &comm);
    CHECK(class_of(err) == MPI_ERR_INFO, "%d", err);
    check_text(err, "hwloc://Core");
    err = MPI_Comm_split_type(MPI_COMM_WORLD, 17, 0, MPI_INFO_NULL, &comm);
    CHECK(class_of(err) == MPI_ERR_ARG, "%d", err);
    check_text(err, "17");
    err = MPI_Comm_split_type(MPI_COMM_NULL, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &comm);
    CHECK(class_of(err) == MPI_ERR_COMM, "%d", err);
    err = MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, NULL);
    CHECK(class_of(err) == MPI_ERR_ARG, "%d", err);
    CHECK(class_of(err = MPI_Get_hw_resource_info(NULL)) == MPI_ERR_ARG, "%d", err);
    CHECK(comm == MPI_COMM_SELF, " ");
    MPI_Info_free(&both);
    if (size == 1)
        return;
    err = MPI_Comm_split_type(MPI_COMM_WORLD,
                              rank == 1 ? MPI_COMM_TYPE_HW_UNGUIDED : MPI_COMM_TYPE_SHARED, 0,
                              MPI_INFO_NULL, &comm);
    CHECK(class_of(err) == MPI_ERR_ARG, "%d", err);
    check_text(err, "221 on rank 0, but 222 on rank 1");
    MPI_Info info = info_with(KEY, rank == 1 ? "hwloc://Core" : "hwloc://PU");
    err = MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_HW_GUIDED, 0, info, &comm);
    CHECK(class_of(err) == MPI_ERR_INFO_VALUE, "%d", err);
    MPI_Info_free(&info);
    MPI_Comm half, inter;
    int left = rank < size / 2, flag, n;
    MPI_Comm_split(MPI_COMM_WORLD, left, 0, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, left ? size / 2 : 0, 1, &inter);
    MPI_Comm_split_type(inter, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &comm);
    MPI_Comm_test_inter(comm, &flag);
    MPI_Comm_remote_size(comm, &n);
    CHECK(flag && n == (left ? size - size / 2 : size / 2), "%d", n);
    MPI_Comm_free(&comm);
    MPI_Comm_free(&inter);
    MPI_Comm_free(&half);
}

int
main(void)
{
    MPI_Info early;
    CHECK(MPI_Get_hw_resource_info(&early) == MPI_SUCCESS, "before MPI_Init");
    MPI_Info_free(&early);
    MPI_Init(NULL, NULL);
    CHECK(sched_getaffinity(0, sizeof all, &all) == 0, " ");
    shared();
    nothing();
    psets();
    hardware();
    errors();
    MPI_Finalize();
    return 0;
}
