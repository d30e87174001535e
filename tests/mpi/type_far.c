// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Types that reach far or say much in few words: their memory and the time to commit them do not
 * depend on their data; rows gigabytes apart, at absolute addresses, go between ranks and to
 * itself. */
#include "check.h"

#include <malloc.h>
#include <string.h>
#include <sys/mman.h>

#define GIB (1ll << 30)

enum { ROWS = 24, ROW = 16 << 10 };

static void
check_small(MPI_Datatype type, const char *what, MPI_Count size)
{
    struct mallinfo2 before = mallinfo2();
    MPI_Count is;
    double start = MPI_Wtime();
    MPI_Type_commit(&type);
    double took = MPI_Wtime() - start;
    size_t more = mallinfo2().uordblks - before.uordblks;
    MPI_Type_size_c(type, &is);
    CHECK(is == size, "%s: %lld bytes of data", what, (long long)is);
    CHECK(more < 16 << 10, "%s: %zu bytes of memory", what, more);
    CHECK(took < 1, "%s: %g s", what, took);
    MPI_Type_free(&type);
}

static void
huge_counts(void)
{
    const int G = 1000000000;
    MPI_Datatype vector, type;
    int sizes[] = {3000, 3000, 3000, 3000}, part[] = {2999, 1500, 700, 17}, from[] = {1, 2, 3, 4};
    int whole[] = {2000000, 2000000, 100}, grid[] = {3, 2, 1},
        distributions[] = {MPI_DISTRIBUTE_CYCLIC, MPI_DISTRIBUTE_BLOCK, MPI_DISTRIBUTE_NONE},
        sized[] = {7, MPI_DISTRIBUTE_DFLT_DARG, MPI_DISTRIBUTE_DFLT_DARG};
    MPI_Type_vector(G, 1, 2, MPI_INT, &vector);
    MPI_Type_create_hvector_c(100000, 3, 30ll * G, vector, &type);
    check_small(type, "vectors of vectors", 4ll * G * 300000);
    check_small(vector, "a vector", 4ll * G);
    MPI_Type_create_subarray(4, sizes, part, from, MPI_ORDER_C, MPI_DOUBLE, &type);
    check_small(type, "a subarray", 8ll * 2999 * 1500 * 700 * 17);
    // Of 285,714 blocks of 7 each of three has 95,238; the first has the rest of 2, too.
    MPI_Type_create_darray(6, 0, 3, whole, distributions, sized, grid, MPI_ORDER_FORTRAN,
                           MPI_DOUBLE, &type);
    check_small(type, "a darray", 8ll * (7 * 95238 + 2) * 1000000 * 100);
}

// Rows of memory that nobody has touched in between.
static void
rows_far_apart(char *memory, MPI_Datatype type)
{
    int rank = world_rank(), right = (rank + 1) % world_size();
    int left = (rank + world_size() - 1) % world_size();
    char *packed = malloc(ROWS * ROW);
    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < ROWS; i++)
            memset(memory + i * 5 * GIB + i, rank + i + round, ROW);
        MPI_Sendrecv(MPI_BOTTOM, 1, type, right, 0, packed, ROWS * ROW, MPI_CHAR, left, 0,
                     MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        for (int i = 0; i < ROWS * ROW; i++)
            CHECK(packed[i] == (char)(left + i / ROW + round), "byte %d is %d", i, packed[i]);
        MPI_Request request;
        memset(packed, rank + 100, ROWS * ROW);
        MPI_Isend(packed, ROWS * ROW, MPI_CHAR, right, 1, MPI_COMM_WORLD, &request);
        MPI_Recv(MPI_BOTTOM, 1, type, left, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        MPI_Wait(&request, MPI_STATUS_IGNORE);
        for (int i = 0; i < ROWS; i++)
            CHECK(memory[i * 5 * GIB + i + ROW - 1] == (char)(left + 100), "row %d", i);
    }
    free(packed);
}

int
main(int argc, char **argv)
{
    MPI_Aint at[ROWS];
    MPI_Datatype type;
    MPI_Init(&argc, &argv);
    huge_counts();
    char *memory = mmap(NULL, (size_t)(ROWS * 5 * GIB), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED, "no address space");
    for (int i = 0; i < ROWS; i++)
        MPI_Get_address(memory + i * 5 * GIB + i, &at[i]);
    MPI_Type_create_hindexed_block(ROWS, ROW, at, MPI_CHAR, &type);
    MPI_Type_commit(&type);
    rows_far_apart(memory, type);
    MPI_Type_free(&type);
    MPI_Finalize();
    return 0;
}
