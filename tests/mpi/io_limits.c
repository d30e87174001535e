// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Where files end: no space, a limit on their size, no permission, more than 4 GiB, signals in the
 * middle. */
#include "io_temporary.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

static int rank, size;

static void
no_space(void)
{
    static char data[100000];
    MPI_File file;
    MPI_Request request;
    CHECK_OK(MPI_File_open(MPI_COMM_SELF, "/dev/full", MPI_MODE_WRONLY, MPI_INFO_NULL, &file));
    int err = MPI_File_write(file, data, 10, MPI_CHAR, MPI_STATUS_IGNORE);
    CHECK_FAILS(err, MPI_ERR_NO_SPACE);
    CHECK(strstr(text_of(err), "No space left on device") && strstr(text_of(err), "/dev/full"),
          "%s", text_of(err));
    CHECK_OK(MPI_File_iwrite(file, data, 10, MPI_CHAR, &request));
    CHECK_FAILS(MPI_Wait(&request, MPI_STATUS_IGNORE), MPI_ERR_NO_SPACE);
    CHECK_OK(MPI_File_write_all_begin(file, data, 10, MPI_CHAR));
    CHECK_FAILS(MPI_File_write_all_end(file, data, MPI_STATUS_IGNORE), MPI_ERR_NO_SPACE);
    CHECK_OK(MPI_File_sync(file));
    CHECK_OK(MPI_File_close(&file));
}

// All are told of what only one could not write.
static void
size_limit(const char *name)
{
    enum { N = 300000 };
    MPI_File file;
    MPI_Datatype one, every;
    struct rlimit before, low;
    char *data = calloc(N, 1);
    int amode = MPI_MODE_CREATE | MPI_MODE_RDWR;
    CHECK_OK(MPI_File_open(MPI_COMM_WORLD, name, amode, MPI_INFO_NULL, &file));
    getrlimit(RLIMIT_FSIZE, &before);
    low = before;
    low.rlim_cur = 100000;
    setrlimit(RLIMIT_FSIZE, &low);
    int err = MPI_File_write_at(file, 0, data, 200000, MPI_CHAR, MPI_STATUS_IGNORE);
    CHECK_FAILS(err, MPI_ERR_QUOTA);
    CHECK(strstr(text_of(err), "File too large"), "%s", text_of(err));
    CHECK_FAILS(MPI_File_set_size(file, 200000), MPI_ERR_QUOTA);
    CHECK_FAILS(MPI_File_preallocate(file, 200000), MPI_ERR_QUOTA);
    MPI_Type_contiguous(8, MPI_CHAR, &one);
    MPI_Type_create_resized(one, 0, 8 * size, &every);
    MPI_Type_commit(&every);
    CHECK_OK(MPI_File_set_view(file, 8 * rank, MPI_CHAR, every, "native", MPI_INFO_NULL));
    CHECK_FAILS(MPI_File_write_all(file, data, N, MPI_CHAR, MPI_STATUS_IGNORE), MPI_ERR_QUOTA);
    setrlimit(RLIMIT_FSIZE, &before);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_write_at_all(file, 0, data, N, MPI_CHAR, MPI_STATUS_IGNORE));
    MPI_Type_free(&one);
    MPI_Type_free(&every);
    CHECK_OK(MPI_File_close(&file));
    free(data);
}

static void
far(const char *name)
{
    enum { N = 1000 };
    MPI_File file;
    MPI_Datatype wide;
    MPI_Status status;
    MPI_Offset bytes;
    const MPI_Offset base = ((MPI_Offset)5 << 30) + 3;
    char data[N], got[2 * N];
    memset(data, rank + 1, N);
    CHECK_OK(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE,
                           MPI_INFO_NULL, &file));
    CHECK_OK(MPI_File_write_at_all(file, base + rank * N, data, N, MPI_CHAR, &status));
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_read_at(file, base + (size - 1) * N, got, 2 * N, MPI_CHAR, &status));
    CHECK(count_of(&status, MPI_CHAR) == N && got[0] == size && got[N - 1] == size, "%d", got[0]);
    CHECK_OK(MPI_File_get_size(file, &bytes));
    CHECK(bytes == base + size * N, "%lld", (long long)bytes);
    // One element each 3 GiB.
    MPI_Type_create_resized(MPI_CHAR, 0, (MPI_Aint)3 << 30, &wide);
    MPI_Type_commit(&wide);
    CHECK_OK(MPI_File_set_view(file, 4096 + rank, MPI_CHAR, wide, "native", MPI_INFO_NULL));
    CHECK_OK(MPI_File_write_all(file, data, 5, MPI_CHAR, &status));
    memset(got, 0, N);
    CHECK_OK(MPI_File_read_at_all(file, 1, got, 5, MPI_CHAR, &status));
    CHECK(count_of(&status, MPI_CHAR) == 4, "%lld", count_of(&status, MPI_CHAR));
    CHECK(got[3] == rank + 1, "%d", got[3]);
    CHECK_OK(MPI_File_get_byte_offset(file, 4, &bytes));
    CHECK(bytes == ((MPI_Offset)12 << 30) + 4096 + rank, "%lld", (long long)bytes);
    CHECK_FAILS(MPI_File_write_at(file, INT64_MAX / 2, data, 1, MPI_CHAR, &status), MPI_ERR_ARG);
    MPI_Type_free(&wide);
    CHECK_OK(MPI_File_close(&file));
}

static void
unprivileged(void)
{
    MPI_File file;
    if (geteuid() != 0)
        return;
    CHECK(seteuid(65534) == 0, " ");
    CHECK_FAILS(MPI_File_open(MPI_COMM_SELF, "/muster-io", MPI_MODE_CREATE | MPI_MODE_WRONLY,
                              MPI_INFO_NULL, &file),
                MPI_ERR_ACCESS);
    CHECK_FAILS(MPI_File_open(MPI_COMM_SELF, "/etc/passwd", MPI_MODE_WRONLY, MPI_INFO_NULL, &file),
                MPI_ERR_ACCESS);
    CHECK_FAILS(MPI_File_delete("/etc/passwd", MPI_INFO_NULL), MPI_ERR_ACCESS);
    CHECK(seteuid(0) == 0, " ");
}

static volatile int alarms;

static void
on_alarm(int number)
{
    alarms += number == SIGALRM;
}

// A pipe takes a little at a time, and a signal interrupts who waits for it.
static void
interrupted(void)
{
    enum { N = 1 << 20 };
    char name[64], *data = malloc(N), *got = malloc(N);
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    MPI_File file;
    int ends[2];
    CHECK(pipe(ends) == 0, " ");
    for (int i = 0; i < N; i++)
        data[i] = (char)(i * 7 + i / 300);
    pid_t child = fork();
    if (child == 0) {
        for (int at = 0, n; at < N; at += n) {
            usleep(3000);
            n = (int)write(ends[1], data + at, (size_t)(N - at < 60000 ? N - at : 60000));
            if (n <= 0)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    snprintf(name, sizeof name, "/proc/self/fd/%d", ends[0]);
    MPI_Status status;
    CHECK_OK(MPI_File_open(MPI_COMM_SELF, name, MPI_MODE_RDONLY | MPI_MODE_SEQUENTIAL,
                           MPI_INFO_NULL, &file));
    CHECK_OK(MPI_File_read_shared(file, got, N, MPI_CHAR, &status));
    setitimer(ITIMER_REAL, &never, NULL);
    CHECK(count_of(&status, MPI_CHAR) == N, "%lld", count_of(&status, MPI_CHAR));
    CHECK(memcmp(got, data, N) == 0 && alarms > 0, "%d", alarms);
    CHECK_OK(MPI_File_close(&file));
    close(ends[0]);
    free(data);
    free(got);
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    size = world_size();
    const char *name = temporary("io-limits");
    no_space();
    size_limit(name);
    far(name);
    unprivileged();
    if (rank == 0)
        interrupted();
    MPI_Finalize();
    return 0;
}
