// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* MPI_Alloc_mem and MPI_Free_mem: alignment as the info object asks, zero bytes, blocks of many
 * sizes freed in another order, errors. */

#include "check.h"

#include <stdint.h>
#include <string.h>

#define KEY    "mpi_minimum_memory_alignment"
#define BLOCKS 50

static int
alloc_class(MPI_Aint size, const char *alignment)
{
    void *base;
    MPI_Info info;
    int errclass;
    MPI_Info_create(&info);
    MPI_Info_set(info, KEY, alignment);
    MPI_Error_class(MPI_Alloc_mem(size, info, &base), &errclass);
    MPI_Info_free(&info);
    return errclass;
}

static void
aligned(void)
{
    char text[24];
    char *base[BLOCKS];
    for (uint64_t a = 1; a <= 4u << 20; a *= 2) {
        MPI_Info info;
        MPI_Info_create(&info);
        snprintf(text, sizeof text, "%llu", (unsigned long long)a);
        MPI_Info_set(info, KEY, text);
        int n = a > 4096 ? 3 : BLOCKS;
        for (int i = 0; i < n; i++) {
            CHECK(MPI_Alloc_mem(i * 97, info, &base[i]) == MPI_SUCCESS, "%d bytes", i * 97);
            CHECK((uintptr_t)base[i] % a == 0 && (uintptr_t)base[i] % 16 == 0, "%s gave %p", text,
                  (void *)base[i]);
            memset(base[i], i, (size_t)i * 97);
        }
        for (int i = n - 1; i >= 0; i--) {
            int k = (i * 7) % n;
            CHECK(k == 0 || (base[k][0] == k && base[k][k * 97 - 1] == k), "block %d", k);
        }
        for (int i = 0; i < n; i++)
            CHECK(MPI_Free_mem(base[i]) == MPI_SUCCESS, "%p", (void *)base[i]);
        MPI_Info_free(&info);
    }
}

static void
errors(void)
{
    void *base;
    int errclass;
    static const char *const bad[] = {"", "0", "48", "-8", "64k", " 64", "1e3"};
    for (size_t i = 1; i < sizeof bad / sizeof *bad; i++)
        CHECK(alloc_class(100, bad[i]) == MPI_ERR_INFO_VALUE, "'%s'", bad[i]);
    CHECK(alloc_class(-1, "64") == MPI_ERR_ARG, " ");
    CHECK(alloc_class((MPI_Aint)1 << 60, "64") == MPI_ERR_NO_MEM, " ");
    CHECK(alloc_class(8, "4611686018427387904") == MPI_ERR_NO_MEM, " ");
    MPI_Error_class(MPI_Alloc_mem(8, (MPI_Info)0x1234567, &base), &errclass);
    CHECK(errclass == MPI_ERR_INFO, "%d", errclass);
    MPI_Error_class(MPI_Alloc_mem(8, MPI_INFO_NULL, NULL), &errclass);
    CHECK(errclass == MPI_ERR_ARG, "%d", errclass);
    CHECK(MPI_Free_mem(NULL) == MPI_SUCCESS, " ");
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    aligned();
    errors();
    MPI_Finalize();
    return 0;
}
