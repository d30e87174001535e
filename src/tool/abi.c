// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What the binary interface leaves to the platform (MPI 5.0, 20.2.2), and to Fortran (20.3.1). The
 * datatypes of Fortran have fixed sizes here, and its booleans are 1 and 0: what all compilers on
 * this system's platforms begin with. So both are known, and cannot be set.
 */
#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "info/info.h"

#include <stdio.h>
#include <string.h>

static int
put_size(struct info *info, const char *key, size_t size)
{
    char value[16];
    snprintf(value, sizeof value, "%zu", size);
    return info_put(info, key, value);
}

static int
abi_info(MPI_Info *handle)
{
    struct info *info;
    int err = check_pointer(handle, "info");
    if (err || (err = info_begin(&info)))
        return err;
    err = put_size(info, "mpi_aint_size", sizeof(MPI_Aint));
    if (!err)
        err = put_size(info, "mpi_count_size", sizeof(MPI_Count));
    if (!err)
        err = put_size(info, "mpi_offset_size", sizeof(MPI_Offset));
    return info_give(info, err, handle);
}

int
PMPI_Abi_get_info(MPI_Info *info)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = abi_info(info);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Abi_get_info", err);
}
weak_alias(PMPI_Abi_get_info, MPI_Abi_get_info);

/* ---- Fortran ---- */

static const struct {
    const char *key;
    MPI_Datatype type;
} fortran_sizes[] = {
    {"mpi_logical_size", MPI_LOGICAL},
    {"mpi_integer_size", MPI_INTEGER},
    {"mpi_real_size", MPI_REAL},
    {"mpi_double_precision_size", MPI_DOUBLE_PRECISION},
};

static const struct {
    const char *key;
    MPI_Datatype type;
} fortran_types[] = {
    {"mpi_logical1_supported", MPI_LOGICAL1},
    {"mpi_logical2_supported", MPI_LOGICAL2},
    {"mpi_logical4_supported", MPI_LOGICAL4},
    {"mpi_logical8_supported", MPI_LOGICAL8},
    {"mpi_logical16_supported", MPI_LOGICAL16},
    {"mpi_integer1_supported", MPI_INTEGER1},
    {"mpi_integer2_supported", MPI_INTEGER2},
    {"mpi_integer4_supported", MPI_INTEGER4},
    {"mpi_integer8_supported", MPI_INTEGER8},
    {"mpi_integer16_supported", MPI_INTEGER16},
    {"mpi_real2_supported", MPI_REAL2},
    {"mpi_real4_supported", MPI_REAL4},
    {"mpi_real8_supported", MPI_REAL8},
    {"mpi_real16_supported", MPI_REAL16},
    {"mpi_complex4_supported", MPI_COMPLEX4},
    {"mpi_complex8_supported", MPI_COMPLEX8},
    {"mpi_complex16_supported", MPI_COMPLEX16},
    {"mpi_complex32_supported", MPI_COMPLEX32},
    {"mpi_double_complex_supported", MPI_DOUBLE_COMPLEX},
};

static int
put_fortran(struct info *info)
{
    int err = MPI_SUCCESS;
    for (size_t i = 0; !err && i < sizeof fortran_sizes / sizeof *fortran_sizes; i++)
        err = put_size(info, fortran_sizes[i].key, (size_t)type_get(fortran_sizes[i].type)->size);
    for (size_t i = 0; !err && i < sizeof fortran_types / sizeof *fortran_types; i++)
        err = info_put(info, fortran_types[i].key,
                       type_get(fortran_types[i].type) ? "true" : "false");
    return err;
}

static int
fortran_info(MPI_Info *handle)
{
    struct info *info;
    int err = check_pointer(handle, "info");
    if (err || (err = info_begin(&info)))
        return err;
    return info_give(info, put_fortran(info), handle);
}

int
PMPI_Abi_get_fortran_info(MPI_Info *info)
{
    int err = engine_enter_always();
    if (likely(!err)) {
        err = fortran_info(info);
        engine_leave_always();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Abi_get_fortran_info", err);
}
weak_alias(PMPI_Abi_get_fortran_info, MPI_Abi_get_fortran_info);

int
PMPI_Abi_set_fortran_info(MPI_Info info)
{
    struct info *given = NULL;
    int err = engine_enter_always();
    if (likely(!err)) {
        err = info_find(info, &given);
        engine_leave_always();
    }
    if (!err)
        err = error_new(MPI_ERR_ABI, "the properties of Fortran's types are known here "
                                     "(MPI_Abi_get_fortran_info) and cannot be set");
    return world_raise("MPI_Abi_set_fortran_info", err);
}
weak_alias(PMPI_Abi_set_fortran_info, MPI_Abi_set_fortran_info);

// The sizes of MPI_LOGICAL1 to MPI_LOGICAL16.
static int
check_logical(int size, const void *is_true, const void *is_false)
{
    if (size != 1 && size != 2 && size != 4 && size != 8 && size != 16)
        return error_new(MPI_ERR_ARG, "there is no logical type of %d bytes (1, 2, 4, 8, 16)",
                         size);
    int err = check_pointer(is_true, "logical_true");
    return err ? err : check_pointer(is_false, "logical_false");
}

int
PMPI_Abi_get_fortran_booleans(int logical_size, void *logical_true, void *logical_false,
                              int *is_set)
{
    static const unsigned char one[16] = {[__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 15 : 0] = 1};
    int err = check_logical(logical_size, logical_true, logical_false);
    if (!err)
        err = check_pointer(is_set, "is_set");
    if (err)
        return world_raise("MPI_Abi_get_fortran_booleans", err);
    size_t skip = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 16 - (size_t)logical_size : 0;
    memcpy(logical_true, one + skip, (size_t)logical_size);
    memset(logical_false, 0, (size_t)logical_size);
    *is_set = 1;
    return MPI_SUCCESS;
}
weak_alias(PMPI_Abi_get_fortran_booleans, MPI_Abi_get_fortran_booleans);

int
PMPI_Abi_set_fortran_booleans(int logical_size, void *logical_true, void *logical_false)
{
    int err = check_logical(logical_size, logical_true, logical_false);
    if (!err)
        err = error_new(MPI_ERR_ABI, "Fortran's booleans are known here "
                                     "(MPI_Abi_get_fortran_booleans) and cannot be set");
    return world_raise("MPI_Abi_set_fortran_booleans", err);
}
weak_alias(PMPI_Abi_set_fortran_booleans, MPI_Abi_set_fortran_booleans);
