// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Arguments that are significant at the root only, or not in place, may be anything elsewhere. */
#include "check.h"

static int rank, size, s[16], r[64];
static int *const wild = (int *)8;

static void
fill(void)
{
    for (int i = 0; i < 64; i++)
        r[i] = -1;
    for (int i = 0; i < 16; i++)
        s[i] = rank * 100 + i;
}

static void
expect(int err, const int *p, int n, int first, int step, const char *what)
{
    CHECK(err == MPI_SUCCESS, "%s", what);
    for (int i = 0; i < n; i++)
        CHECK(p[i] == first + i / 2 * step + i % 2, "%s: [%d] is %d", what, i, p[i]);
}

static void
rooted(int root)
{
    MPI_Comm comm = MPI_COMM_WORLD;
    int err;
    fill();
    err = rank == root ? MPI_Gather(s, 2, MPI_INT, r, 2, MPI_INT, root, comm)
                       : MPI_Gather(s, 2, MPI_INT, wild, -1, MPI_DATATYPE_NULL, root, comm);
    expect(err, r, rank == root ? 2 * size : 0, 0, 100, "Gather");
    fill();
    r[2 * rank] = s[0];
    r[2 * rank + 1] = s[1];
    err = rank == root ? MPI_Gather(MPI_IN_PLACE, -5, MPI_DATATYPE_NULL, r, 2, MPI_INT, root, comm)
                       : MPI_Gather(s, 2, MPI_INT, NULL, 77, MPI_DATATYPE_NULL, root, comm);
    expect(err, r, rank == root ? 2 * size : 0, 0, 100, "Gather in place");
    fill();
    err = rank == root ? MPI_Scatter(s, 1, MPI_INT, r, 1, MPI_INT, root, comm)
                       : MPI_Scatter(wild, -1, MPI_DATATYPE_NULL, r, 1, MPI_INT, root, comm);
    expect(err, r, 1, root * 100 + rank, 0, "Scatter");
    fill();
    err = rank == root ? MPI_Scatter(s, 1, MPI_INT, MPI_IN_PLACE, -2, MPI_DATATYPE_NULL, root, comm)
                       : MPI_Scatter(NULL, -1, MPI_DATATYPE_NULL, r, 1, MPI_INT, root, comm);
    expect(err, r, rank == root ? 0 : 1, root * 100 + rank, 0, "Scatter in place");
    err = MPI_Reduce(s, rank == root ? r : wild, 2, MPI_INT, MPI_MAX, root, comm);
    expect(err, r, rank == root ? 2 : 0, (size - 1) * 100, 0, "Reduce");
}

static void
rooted_with_counts(int root)
{
    int counts[16], displs[16], err;
    for (int i = 0; i < size; i++) {
        counts[i] = 2;
        displs[i] = 2 * i;
    }
    fill();
    err =
        rank == root
            ? MPI_Gatherv(s, 2, MPI_INT, r, counts, displs, MPI_INT, root, MPI_COMM_WORLD)
            : MPI_Gatherv(s, 2, MPI_INT, NULL, NULL, NULL, MPI_DATATYPE_NULL, root, MPI_COMM_WORLD);
    expect(err, r, rank == root ? 2 * size : 0, 0, 100, "Gatherv");
    fill();
    err = rank == root
              ? MPI_Scatterv(s, counts, displs, MPI_INT, r, 2, MPI_INT, root, MPI_COMM_WORLD)
              : MPI_Scatterv(NULL, NULL, NULL, MPI_DATATYPE_NULL, r, 2, MPI_INT, root,
                             MPI_COMM_WORLD);
    expect(err, r, 2, root * 100 + 2 * rank, 0, "Scatterv");
}

static void
in_place(void)
{
    int counts[16], displs[16], bytes[16];
    MPI_Datatype types[16];
    for (int i = 0; i < size; i++) {
        counts[i] = 2;
        displs[i] = 2 * i;
        bytes[i] = 2 * i * (int)sizeof(int);
        types[i] = MPI_INT;
    }
    for (int form = 0; form < 5; form++) {
        int err = MPI_SUCCESS;
        fill();
        for (int i = 0; i < 2 * size; i++)
            r[i] = rank * 100 + i % 2;
        if (form == 0)
            err = MPI_Allgather(MPI_IN_PLACE, -1, MPI_DATATYPE_NULL, r, 2, MPI_INT, MPI_COMM_WORLD);
        else if (form == 1)
            err = MPI_Allgatherv(MPI_IN_PLACE, -1, MPI_DATATYPE_NULL, r, counts, displs, MPI_INT,
                                 MPI_COMM_WORLD);
        else if (form == 2)
            err = MPI_Alltoall(MPI_IN_PLACE, -1, MPI_DATATYPE_NULL, r, 2, MPI_INT, MPI_COMM_WORLD);
        else if (form == 3)
            err = MPI_Alltoallv(MPI_IN_PLACE, NULL, NULL, MPI_DATATYPE_NULL, r, counts, displs,
                                MPI_INT, MPI_COMM_WORLD);
        else
            err = MPI_Alltoallw(MPI_IN_PLACE, NULL, NULL, NULL, r, counts, bytes, types,
                                MPI_COMM_WORLD);
        expect(err, r, 2 * size, 0, 100, "in place");
    }
}

// Of two groups: rank 0, and the others, the last of which is the root.
static void
two_groups(void)
{
    MPI_Comm half, inter;
    int last = rank == size - 1, root = rank == 0 ? size - 2 : last ? MPI_ROOT : MPI_PROC_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, rank != 0, rank, &half);
    MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, rank == 0, 7, &inter);
    fill();
    if (last)
        r[0] = 5;
    int err = root == MPI_PROC_NULL ? MPI_Bcast(wild, -1, MPI_DATATYPE_NULL, root, inter)
                                    : MPI_Bcast(r, 1, MPI_INT, root, inter);
    expect(err, r, root != MPI_PROC_NULL, 5, 0, "Bcast to the other group");
    fill();
    err = root == MPI_PROC_NULL
              ? MPI_Gather(wild, -1, MPI_DATATYPE_NULL, wild, -3, MPI_DATATYPE_NULL, root, inter)
          : last ? MPI_Gather(wild, -1, MPI_DATATYPE_NULL, r, 2, MPI_INT, root, inter)
                 : MPI_Gather(s, 2, MPI_INT, wild, -1, MPI_DATATYPE_NULL, root, inter);
    expect(err, r, last ? 2 : 0, 0, 0, "Gather from the other group");
    err = root == MPI_PROC_NULL
              ? MPI_Reduce(wild, wild, -1, MPI_DATATYPE_NULL, MPI_OP_NULL, root, inter)
              : MPI_Reduce(last ? wild : s, last ? r : wild, 2, MPI_INT, MPI_SUM, root, inter);
    expect(err, r, last ? 2 : 0, 0, 0, "Reduce from the other group");
    MPI_Comm_free(&inter);
    MPI_Comm_free(&half);
}

int
main(void)
{
    MPI_Init(NULL, NULL);
    rank = world_rank();
    size = world_size();
    for (int root = 0; root < size; root++) {
        rooted(root);
        rooted_with_counts(root);
    }
    in_place();
    if (size > 1)
        two_groups();
    MPI_Finalize();
    return 0;
}
