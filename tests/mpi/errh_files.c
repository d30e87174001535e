// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Error handlers of files, as far as MPI_FILE_NULL has one (MPI 5.0, 9.3.3 and 14.7), and of
 * windows: handlers of one kind of object are refused by the others. */
#include "errors.h"

#include <string.h>

static int calls, last;

static void
of_file(MPI_File *file, int *code, ...)
{
    CHECK(*file == MPI_FILE_NULL, " ");
    calls++;
    last = *code;
}

static void
of_window(MPI_Win *win, int *code, ...)
{
    (void)win, (void)code;
}

static void
is_handler(MPI_Errhandler want)
{
    MPI_Errhandler handler = MPI_ERRHANDLER_NULL;
    CHECK(MPI_File_get_errhandler(MPI_FILE_NULL, &handler) == MPI_SUCCESS, " ");
    CHECK(handler == want, "%p", (void *)handler);
    MPI_Errhandler_free(&handler);
}

static void
files(void)
{
    MPI_Errhandler handler, window;
    MPI_File wild = (MPI_File)(intptr_t)0x12345;
    char text[MPI_MAX_ERROR_STRING];
    int length, code;
    is_handler(MPI_ERRORS_RETURN);
    CHECK(MPI_File_create_errhandler(of_file, &handler) == MPI_SUCCESS, " ");
    CHECK(MPI_File_set_errhandler(MPI_FILE_NULL, handler) == MPI_SUCCESS, " ");
    is_handler(handler);
    CHECK(MPI_File_call_errhandler(MPI_FILE_NULL, MPI_ERR_IO) == MPI_SUCCESS, " ");
    CHECK(calls == 1 && last == MPI_ERR_IO, "%d %d", calls, last);
    code = MPI_File_call_errhandler(wild, MPI_ERR_IO); // an error of no file
    CHECK(class_of(code) == MPI_ERR_FILE && calls == 2 && last == code, "%d %d", code, calls);
    MPI_Error_string(code, text, &length);
    CHECK(strstr(text, "MPI_File_call_errhandler: 0x12345 is"), "%s", text);
    CHECK(class_of(MPI_File_get_errhandler(wild, &handler)) == MPI_ERR_FILE, " ");
    CHECK(class_of(MPI_File_get_errhandler(MPI_FILE_NULL, NULL)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_File_set_errhandler(wild, handler)) == MPI_ERR_FILE, " ");
    CHECK(class_of(MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRHANDLER_NULL)) ==
              MPI_ERR_ERRHANDLER,
          " ");
    CHECK(calls == 6, "%d", calls);
    CHECK(MPI_Win_create_errhandler(of_window, &window) == MPI_SUCCESS, " ");
    CHECK(class_of(MPI_File_set_errhandler(MPI_FILE_NULL, window)) == MPI_ERR_ERRHANDLER, " ");
    CHECK(class_of(MPI_Comm_set_errhandler(MPI_COMM_SELF, window)) == MPI_ERR_ERRHANDLER, " ");
    CHECK(class_of(MPI_Comm_set_errhandler(MPI_COMM_SELF, handler)) == MPI_ERR_ERRHANDLER, " ");
    MPI_Errhandler_free(&window);
    MPI_Errhandler_free(&handler); // files begin with it all the same
    CHECK(MPI_File_call_errhandler(MPI_FILE_NULL, 5) == MPI_SUCCESS && last == 5, " ");
    CHECK(MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_RETURN) == MPI_SUCCESS, " ");
    is_handler(MPI_ERRORS_RETURN);
    CHECK(class_of(MPI_File_create_errhandler(NULL, &handler)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Win_create_errhandler(of_window, NULL)) == MPI_ERR_ARG, " ");
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    files();
    MPI_Finalize();
    return 0;
}
