// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What a blocked rank publishes in the segment (shm/segment.h): the last rank blocks in one call
 * after the other, and each time rank 0 looks there before it lets it go on. */

#include "check.h"
#include "shm/segment.h"

#include <dirent.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static MPI_Comm other; // for telling what is done, beside the calls that are looked at
static int last;

static struct segment *
find_segment(void)
{
    char path[300], name[300];
    DIR *folder = opendir("/proc/self/fd");
    struct stat st;
    for (struct dirent *e; (e = readdir(folder));) {
        snprintf(path, sizeof path, "/proc/self/fd/%s", e->d_name);
        ssize_t n = readlink(path, name, sizeof name - 1);
        name[n < 0 ? 0 : n] = '\0';
        if (strncmp(name, "/memfd:muster", 13) != 0)
            continue;
        int fd = atoi(e->d_name);
        closedir(folder);
        CHECK(fstat(fd, &st) == 0, "%s", path);
        void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        CHECK(p != MAP_FAILED, "%s", path);
        return p;
    }
    CHECK(0, "no segment");
    return NULL;
}

static uint64_t
look(struct waiting *w, char *op, int *peer, int *tag)
{
    uint64_t words[WAITING_WORDS];
    uint64_t since = atomic_load_explicit(&w->since, memory_order_acquire);
    for (int i = 0; i < WAITING_WORDS; i++)
        words[i] = atomic_load_explicit(&w->op[i], memory_order_relaxed);
    *peer = atomic_load_explicit(&w->peer, memory_order_relaxed);
    *tag = atomic_load_explicit(&w->tag, memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
    memcpy(op, words, sizeof words);
    op[sizeof words] = '\0';
    return atomic_load_explicit(&w->since, memory_order_relaxed) == since ? since : 0;
}

// Until the last rank waits in `op`: a test that hangs is ended by the launcher's limit.
static void
await(struct segment *seg, const char *op, int peer, int tag)
{
    char name[8 * WAITING_WORDS + 1];
    int p = -9, t = -9;
    struct waiting *w = &segment_rank(seg, last)->waiting;
    while (!look(w, name, &p, &t) || strcmp(name, op) != 0)
        usleep(1000);
    CHECK(p == peer && t == tag, "%s of peer %d with tag %d, not %d, %d", op, p, t, peer, tag);
}

// Of rank 0 and the last, who alone know of it.
static void
create_pair(int tag)
{
    MPI_Comm pair;
    MPI_Group all, both;
    MPI_Comm_group(MPI_COMM_WORLD, &all);
    MPI_Group_incl(all, 2, (int[]){last, 0}, &both);
    CHECK(MPI_Comm_create_group(MPI_COMM_WORLD, both, tag, &pair) == MPI_SUCCESS, " ");
    MPI_Comm_free(&pair);
    MPI_Group_free(&both);
    MPI_Group_free(&all);
}

static void
blocks(void)
{
    static char large[1 << 20];
    MPI_Request request;
    MPI_Comm dup;
    MPI_Recv(NULL, 0, MPI_INT, 0, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Probe(MPI_ANY_SOURCE, 6, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Irecv(NULL, 0, MPI_INT, MPI_ANY_SOURCE, 6, MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    MPI_Send(large, sizeof large, MPI_BYTE, 0, 7, MPI_COMM_WORLD);
    MPI_Bcast(large, 1, MPI_BYTE, 0, MPI_COMM_WORLD);
    MPI_Reduce_scatter_block(large, large + 1000, 1, MPI_BYTE, MPI_BOR, other);
    MPI_Comm_dup(MPI_COMM_WORLD, &dup);
    MPI_Comm_free(&dup);
    create_pair(1 << 30 | 9);
}

static void
looks(void)
{
    static char large[1 << 20];
    MPI_Comm dup;
    struct segment *seg = find_segment();
    await(seg, "MPI_Recv", 0, 5);
    MPI_Send(NULL, 0, MPI_INT, last, 5, MPI_COMM_WORLD);
    await(seg, "MPI_Probe", MPI_ANY_SOURCE, 6);
    MPI_Send(NULL, 0, MPI_INT, last, 6, MPI_COMM_WORLD);
    await(seg, "MPI_Send", 0, 7);
    MPI_Recv(large, sizeof large, MPI_BYTE, last, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    await(seg, "MPI_Bcast", 0, MPI_ANY_TAG);
    MPI_Bcast(large, 1, MPI_BYTE, 0, MPI_COMM_WORLD);
    await(seg, "MPI_Reduce_scatter_block", 0, MPI_ANY_TAG);
    MPI_Reduce_scatter_block(large, large + 1000, 1, MPI_BYTE, MPI_BOR, other);
    await(seg, "MPI_Comm_dup", 0, MPI_ANY_TAG);
    MPI_Comm_dup(MPI_COMM_WORLD, &dup);
    MPI_Comm_free(&dup);
    await(seg, "MPI_Comm_create_group", 0, 1 << 30 | 9);
    create_pair(1 << 30 | 9);
    char name[8 * WAITING_WORDS + 1];
    int peer, tag;
    await(seg, "MPI_Recv", 0, 8);
    CHECK(look(&segment_rank(seg, 0)->waiting, name, &peer, &tag) == 0, "rank 0 is in %s", name);
    MPI_Send(NULL, 0, MPI_INT, last, 8, other);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    last = world_size() - 1;
    MPI_Comm_dup(MPI_COMM_WORLD, &other);
    MPI_Barrier(MPI_COMM_WORLD);
    if (last > 0 && world_rank() == 0) {
        looks();
    } else if (last > 0 && world_rank() == last) {
        blocks();
        MPI_Recv(NULL, 0, MPI_INT, 0, 8, other, MPI_STATUS_IGNORE);
    } else if (last > 0) {
        MPI_Comm dup;
        static char large[1100];
        MPI_Bcast(large, 1, MPI_BYTE, 0, MPI_COMM_WORLD);
        MPI_Reduce_scatter_block(large, large + 1000, 1, MPI_BYTE, MPI_BOR, other);
        MPI_Comm_dup(MPI_COMM_WORLD, &dup);
        MPI_Comm_free(&dup);
    }
    MPI_Finalize();
    return 0;
}
