// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What is asked about the library and the machine (MPI 5.0, 9.1 and 9.6). All but the last two work
 * at any time. */

#include "base/clock.h"
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"

#include <string.h>
#include <unistd.h>

#define LIBRARY_VERSION                                                                            \
    "Muster " MUSTER_VERSION " (MPI 5.0 on one machine, standard ABI). Its launcher takes the "    \
    "options of MPICH's and Open MPI's mpiexec."

int
PMPI_Get_version(int *version, int *subversion)
{
    if (!version || !subversion)
        return world_raise("MPI_Get_version", check_pointer(NULL, "version or subversion"));
    *version = MPI_VERSION;
    *subversion = MPI_SUBVERSION;
    return MPI_SUCCESS;
}
weak_alias(PMPI_Get_version, MPI_Get_version);

int
PMPI_Abi_get_version(int *abi_major, int *abi_minor)
{
    if (!abi_major || !abi_minor)
        return world_raise("MPI_Abi_get_version", check_pointer(NULL, "abi_major or abi_minor"));
    *abi_major = MPI_ABI_VERSION;
    *abi_minor = MPI_ABI_SUBVERSION;
    return MPI_SUCCESS;
}
weak_alias(PMPI_Abi_get_version, MPI_Abi_get_version);

int
PMPI_Get_library_version(char *version, int *resultlen)
{
    static_assert(sizeof LIBRARY_VERSION <= MPI_MAX_LIBRARY_VERSION_STRING, "it must fit");
    if (!version || !resultlen)
        return world_raise("MPI_Get_library_version", check_pointer(NULL, "version or resultlen"));
    memcpy(version, LIBRARY_VERSION, sizeof LIBRARY_VERSION);
    *resultlen = (int)sizeof LIBRARY_VERSION - 1;
    return MPI_SUCCESS;
}
weak_alias(PMPI_Get_library_version, MPI_Get_library_version);

static int
processor_name(char *name, int *length)
{
    int err = check_pointer(name, "name");
    if (err || (err = check_pointer(length, "resultlen")))
        return err;
    char host[MPI_MAX_PROCESSOR_NAME] = "localhost";
    if (gethostname(host, sizeof host - 1) == 0)
        host[sizeof host - 1] = '\0';
    *length = (int)strlen(host);
    memcpy(name, host, (size_t)*length + 1);
    return MPI_SUCCESS;
}

int
PMPI_Get_processor_name(char *name, int *resultlen)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = processor_name(name, resultlen);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Get_processor_name", err);
}
weak_alias(PMPI_Get_processor_name, MPI_Get_processor_name);

double
PMPI_Wtime(void)
{
    return (double)clock_ns() * 1e-9;
}
weak_alias(PMPI_Wtime, MPI_Wtime);

double
PMPI_Wtick(void)
{
    struct timespec t;
    clock_getres(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
weak_alias(PMPI_Wtick, MPI_Wtick);
