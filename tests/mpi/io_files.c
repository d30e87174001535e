// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Files themselves: opening, modes, sizes, views, hints, pointers, handles, and what is refused. */
#include "io_temporary.h"

#include <sys/stat.h>

#define NEW (MPI_MODE_CREATE | MPI_MODE_RDWR)

static int rank;

static MPI_File
opened(const char *name, int amode)
{
    MPI_File file;
    CHECK_OK(MPI_File_open(MPI_COMM_WORLD, name, amode, MPI_INFO_NULL, &file));
    return file;
}

static void
modes(const char *name)
{
    MPI_File file = MPI_FILE_NULL;
    MPI_Info no = MPI_INFO_NULL;
    static const int wrong[] = {0,
                                MPI_MODE_CREATE,
                                MPI_MODE_RDONLY | MPI_MODE_WRONLY,
                                MPI_MODE_RDWR | MPI_MODE_RDONLY,
                                MPI_MODE_RDONLY | MPI_MODE_CREATE,
                                MPI_MODE_RDONLY | MPI_MODE_EXCL,
                                MPI_MODE_RDWR | MPI_MODE_SEQUENTIAL,
                                MPI_MODE_RDWR | 0x10000};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_FAILS(MPI_File_open(MPI_COMM_WORLD, name, wrong[i], no, &file), MPI_ERR_AMODE);
    CHECK_FAILS(MPI_File_open(MPI_COMM_WORLD, name, MPI_MODE_RDWR, no, &file),
                MPI_ERR_NO_SUCH_FILE);
    CHECK_FAILS(MPI_File_open(MPI_COMM_WORLD, "/tmp", MPI_MODE_RDONLY, no, &file),
                MPI_ERR_BAD_FILE);
    CHECK_FAILS(MPI_File_open(MPI_COMM_WORLD, "/dev/null/x", NEW, no, &file), MPI_ERR_BAD_FILE);
    CHECK(file == MPI_FILE_NULL, "%p", (void *)file);
    file = opened(name, NEW | MPI_MODE_EXCL);
    MPI_File_close(&file);
    CHECK(file == MPI_FILE_NULL, "%p", (void *)file);
    int err = MPI_File_open(MPI_COMM_WORLD, name, NEW | MPI_MODE_EXCL, no, &file);
    CHECK_FAILS(err, MPI_ERR_FILE_EXISTS);
    CHECK(strstr(text_of(err), name) && strstr(text_of(err), "File exists"), "%s", text_of(err));
    if (world_size() > 1) {
        int amode = rank ? MPI_MODE_RDONLY : MPI_MODE_RDWR;
        CHECK_FAILS(MPI_File_open(MPI_COMM_WORLD, name, amode, no, &file), MPI_ERR_NOT_SAME);
        amode = rank ? MPI_MODE_RDONLY : 0;
        CHECK_FAILS(MPI_File_open(MPI_COMM_WORLD, name, amode, no, &file), MPI_ERR_AMODE);
    }
    file = opened(name, MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE | MPI_MODE_UNIQUE_OPEN);
    CHECK_OK(MPI_File_close(&file));
    struct stat about;
    CHECK(stat(name, &about) != 0, "%s is still there", name);
    CHECK_FAILS(MPI_File_delete(name, no), MPI_ERR_NO_SUCH_FILE);
}

static void
refused(const char *name)
{
    int data = 5;
    MPI_Offset at;
    MPI_Status status;
    MPI_File file = opened(name, MPI_MODE_CREATE | MPI_MODE_WRONLY);
    CHECK_FAILS(MPI_File_read(file, &data, 1, MPI_INT, &status), MPI_ERR_ACCESS);
    CHECK_FAILS(MPI_File_read_all(file, &data, 1, MPI_INT, &status), MPI_ERR_ACCESS);
    CHECK_FAILS(MPI_File_seek(file, -1, MPI_SEEK_SET), MPI_ERR_ARG);
    CHECK_FAILS(MPI_File_seek(file, 0, 77), MPI_ERR_ARG);
    CHECK_FAILS(MPI_File_write_at(file, -1, &data, 1, MPI_INT, &status), MPI_ERR_ARG);
    CHECK_FAILS(MPI_File_write_at(file, 0, &data, -1, MPI_INT, &status), MPI_ERR_COUNT);
    CHECK_FAILS(MPI_File_write_at(file, 0, NULL, 1, MPI_INT, &status), MPI_ERR_BUFFER);
    CHECK_FAILS(MPI_File_write_at(file, 0, &data, 1, MPI_DATATYPE_NULL, &status), MPI_ERR_TYPE);
    CHECK_FAILS(MPI_File_set_size(file, -1), MPI_ERR_ARG);
    CHECK_OK(MPI_File_close(&file));
    file = opened(name, MPI_MODE_RDONLY);
    CHECK_FAILS(MPI_File_write(file, &data, 1, MPI_INT, &status), MPI_ERR_READ_ONLY);
    CHECK_FAILS(MPI_File_set_size(file, 9), MPI_ERR_READ_ONLY);
    CHECK_FAILS(MPI_File_preallocate(file, 9), MPI_ERR_READ_ONLY);
    CHECK_OK(MPI_File_close(&file));
    CHECK_FAILS(MPI_File_close(&file), MPI_ERR_FILE);
    file = opened(name, MPI_MODE_WRONLY | MPI_MODE_SEQUENTIAL);
    CHECK_FAILS(MPI_File_seek(file, 0, MPI_SEEK_SET), MPI_ERR_UNSUPPORTED_OPERATION);
    CHECK_FAILS(MPI_File_write(file, &data, 1, MPI_INT, &status), MPI_ERR_UNSUPPORTED_OPERATION);
    CHECK_FAILS(MPI_File_get_position(file, &at), MPI_ERR_UNSUPPORTED_OPERATION);
    CHECK_OK(MPI_File_write_ordered(file, &data, 1, MPI_INT, &status));
    CHECK_FAILS(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, "native", MPI_INFO_NULL),
                MPI_ERR_UNSUPPORTED_OPERATION);
    CHECK_OK(MPI_File_set_view(file, MPI_DISPLACEMENT_CURRENT, MPI_INT, MPI_INT, "native",
                               MPI_INFO_NULL));
    CHECK_FAILS(MPI_File_get_byte_offset(file, 3, &at), MPI_ERR_UNSUPPORTED_OPERATION);
    CHECK_OK(MPI_File_close(&file));
}

// One rank's wrong argument in a collective call is an error at all.
static void
one_wrong(const char *name)
{
    int data = 5, last = world_size() - 1;
    MPI_Status status;
    MPI_File file = opened(name, NEW);
    int count = rank == last ? -3 : 1;
    int err = MPI_File_write_all(file, &data, count, MPI_INT, &status);
    CHECK_FAILS(err, MPI_ERR_COUNT);
    CHECK(strstr(text_of(err), "-3"), "%s", text_of(err));
    MPI_Offset at = -1;
    CHECK_OK(MPI_File_get_position(file, &at));
    CHECK(at == 0, "%lld", (long long)at);
    err = MPI_File_set_view(file, 0, MPI_INT, rank == last ? MPI_CHAR : MPI_INT, "native",
                            MPI_INFO_NULL);
    CHECK_FAILS(err, MPI_ERR_ARG);
    CHECK_FAILS(MPI_File_set_view(file, 0, MPI_INT, MPI_INT, rank == last ? "foreign" : "native",
                                  MPI_INFO_NULL),
                MPI_ERR_UNSUPPORTED_DATAREP);
    if (world_size() > 1) {
        CHECK_FAILS(MPI_File_set_size(file, rank), MPI_ERR_NOT_SAME);
        CHECK_FAILS(MPI_File_seek_shared(file, rank, MPI_SEEK_SET), MPI_ERR_NOT_SAME);
        CHECK_FAILS(MPI_File_set_atomicity(file, rank == last), MPI_ERR_NOT_SAME);
        MPI_Datatype etype = rank == last ? MPI_DOUBLE : MPI_INT;
        CHECK_FAILS(MPI_File_set_view(file, 0, etype, etype, "native", MPI_INFO_NULL),
                    MPI_ERR_NOT_SAME);
    }
    CHECK_OK(MPI_File_write_all(file, &data, 1, MPI_INT, &status));
    CHECK_OK(MPI_File_close(&file));
}

static MPI_Datatype
of_pieces(int n, const int *lengths, const MPI_Aint *at)
{
    MPI_Datatype type;
    MPI_Type_create_hindexed(n, lengths, at, MPI_INT, &type);
    MPI_Type_commit(&type);
    return type;
}

static void
file_types(const char *name)
{
    static const int lengths[] = {1, 1}, longer[] = {2, 1};
    static const MPI_Aint back[] = {8, 0}, before[] = {-4, 8}, over[] = {0, 4}, good[] = {4, 12};
    MPI_Datatype wrong[] = {of_pieces(2, lengths, back), of_pieces(2, lengths, before),
                            of_pieces(2, longer, over)};
    MPI_Datatype right = of_pieces(2, lengths, good), raw;
    MPI_Type_contiguous(2, MPI_INT, &raw);
    MPI_File file = opened(name, NEW);
    for (int i = 0; i < 3; i++) {
        CHECK_FAILS(MPI_File_set_view(file, 0, MPI_INT, wrong[i], "native", MPI_INFO_NULL),
                    MPI_ERR_IO);
        MPI_Type_free(&wrong[i]);
    }
    CHECK_FAILS(MPI_File_set_view(file, 0, MPI_INT, raw, "native", MPI_INFO_NULL), MPI_ERR_TYPE);
    CHECK_FAILS(MPI_File_set_view(file, -5, MPI_INT, MPI_INT, "native", MPI_INFO_NULL),
                MPI_ERR_ARG);
    MPI_Type_free(&raw);
    CHECK_OK(MPI_File_set_view(file, 100, MPI_INT, right, "native", MPI_INFO_NULL));
    MPI_Type_free(&right);
    MPI_Offset disp;
    MPI_Datatype etype, filetype;
    char datarep[MPI_MAX_DATAREP_STRING];
    CHECK_OK(MPI_File_get_view(file, &disp, &etype, &filetype, datarep));
    CHECK(disp == 100 && etype == MPI_INT && strcmp(datarep, "native") == 0, "%lld",
          (long long)disp);
    int bytes;
    MPI_Type_size(filetype, &bytes);
    CHECK(bytes == 8, "%d", bytes);
    MPI_Type_free(&filetype);
    static const MPI_Offset want[] = {104, 112, 116, 124, 128};
    for (int i = 0; i < 5; i++) {
        CHECK_OK(MPI_File_get_byte_offset(file, i, &disp));
        CHECK(disp == want[i], "%d: %lld", i, (long long)disp);
    }
    char three[3];
    CHECK_FAILS(MPI_File_read(file, three, 3, MPI_CHAR, MPI_STATUS_IGNORE), MPI_ERR_IO);
    CHECK_OK(MPI_File_set_size(file, 121));
    CHECK_OK(MPI_File_seek(file, -1, MPI_SEEK_END));
    CHECK_OK(MPI_File_get_position(file, &disp));
    CHECK(disp == 2, "%lld", (long long)disp);
    CHECK_FAILS(MPI_File_seek(file, -4, MPI_SEEK_END), MPI_ERR_ARG);
    CHECK_OK(MPI_File_close(&file));
}

static void
sizes(const char *name)
{
    MPI_File file = opened(name, NEW);
    MPI_Offset n = -1;
    MPI_Info info, got;
    char value[64];
    int length = sizeof value, flag;
    CHECK_OK(MPI_File_set_size(file, 0));
    CHECK_OK(MPI_File_preallocate(file, 5000));
    CHECK_OK(MPI_File_get_size(file, &n));
    CHECK(n == 5000, "%lld", (long long)n);
    CHECK_OK(MPI_File_preallocate(file, 10));
    CHECK_OK(MPI_File_set_size(file, (MPI_Offset)6 << 30));
    CHECK_OK(MPI_File_get_size(file, &n));
    CHECK(n == (MPI_Offset)6 << 30, "%lld", (long long)n);
    MPI_Barrier(MPI_COMM_WORLD);
    CHECK_OK(MPI_File_set_size(file, 12));
    CHECK_OK(MPI_File_sync(file));
    MPI_Info_create(&info);
    MPI_Info_set(info, "access_style", "read_once,sequential");
    MPI_Info_set(info, "nobody_knows", "it");
    CHECK_OK(MPI_File_set_info(file, info));
    MPI_Info_free(&info);
    CHECK_OK(MPI_File_get_info(file, &got));
    MPI_Info_get_string(got, "access_style", &length, value, &flag);
    CHECK(flag && strcmp(value, "read_once,sequential") == 0, "%d", flag);
    MPI_Info_get_string(got, "nobody_knows", &length, value, &flag);
    CHECK(!flag, " ");
    MPI_Info_free(&got);
    MPI_Group group, world;
    int same;
    CHECK_OK(MPI_File_get_group(file, &group));
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_compare(group, world, &same);
    CHECK(same == MPI_IDENT, "%d", same);
    MPI_Group_free(&group);
    MPI_Group_free(&world);
    CHECK(MPI_File_fromint(MPI_File_toint(file)) == file, " ");
    CHECK_OK(MPI_File_close(&file));
    file = opened(name, MPI_MODE_RDWR | MPI_MODE_APPEND);
    CHECK_OK(MPI_File_get_position(file, &n));
    CHECK(n == 12, "%lld", (long long)n);
    CHECK_OK(MPI_File_get_position_shared(file, &n));
    CHECK(n == 12, "%lld", (long long)n);
    CHECK_OK(MPI_File_close(&file));
}

static int calls;

static void
count_call(MPI_File *file, int *code, ...)
{
    CHECK(*file != MPI_FILE_NULL && *code, "%d", *code);
    calls++;
}

static void
handlers(const char *name)
{
    MPI_Errhandler handler;
    MPI_File file = opened(name, MPI_MODE_RDONLY);
    MPI_Request request;
    char data[4];
    MPI_File_create_errhandler(count_call, &handler);
    CHECK_OK(MPI_File_set_errhandler(file, handler));
    MPI_Errhandler_free(&handler);
    CHECK_FAILS(MPI_File_write(file, data, 4, MPI_CHAR, MPI_STATUS_IGNORE), MPI_ERR_READ_ONLY);
    CHECK(calls == 1, "%d", calls);
    CHECK_FAILS(MPI_File_iwrite(file, data, 4, MPI_CHAR, &request), MPI_ERR_READ_ONLY);
    CHECK_OK(MPI_File_call_errhandler(file, MPI_ERR_IO));
    CHECK(calls == 3, "%d", calls);
    CHECK_OK(MPI_File_close(&file));
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    rank = world_rank();
    const char *name = temporary("io-files");
    modes(name);
    refused(name);
    one_wrong(name);
    file_types(name);
    sizes(name);
    handlers(name);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0)
        CHECK_OK(MPI_File_delete(name, MPI_INFO_NULL));
    MPI_Finalize();
    return 0;
}
