// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Error handlers, classes, codes and strings (MPI 5.0, 9.3 to 9.5), before MPI_Init and after
 * MPI_Finalize as well. */
#include "check.h"

#include <string.h>

static int calls, last_code;
static MPI_Comm last_comm;

static void
count_calls(MPI_Comm *comm, int *code, ...)
{
    calls++;
    last_code = *code;
    last_comm = *comm;
}

static void
free_comm(MPI_Comm *comm, int *code, ...)
{
    (void)code;
    calls++;
    MPI_Comm_free(comm);
}

static int
class_of(int code)
{
    int errclass = -1;
    CHECK(MPI_Error_class(code, &errclass) == MPI_SUCCESS, "code %d", code);
    return errclass;
}

static void
expect_text(int code, const char *expected)
{
    char text[MPI_MAX_ERROR_STRING];
    int length;
    CHECK(MPI_Error_string(code, text, &length) == MPI_SUCCESS, "code %d", code);
    CHECK(strcmp(text, expected) == 0 && length == (int)strlen(expected), "'%s' for '%s'", text,
          expected);
}

static void
expect_class(int code, int errclass)
{
    char text[MPI_MAX_ERROR_STRING];
    int length;
    MPI_Error_string(code, text, &length);
    CHECK(class_of(code) == errclass, "class %d for %d: %s", class_of(code), errclass, text);
}

static void
user_codes(void)
{
    int errclass, other, code;
    CHECK(MPI_Add_error_class(&errclass) == MPI_SUCCESS && errclass > MPI_ERR_LASTCODE, " ");
    CHECK(MPI_Add_error_code(errclass, &code) == MPI_SUCCESS && code != errclass, " ");
    CHECK(MPI_Add_error_code(MPI_ERR_RANK, &other) == MPI_SUCCESS, " ");
    CHECK(class_of(code) == errclass && class_of(errclass) == errclass, " ");
    CHECK(class_of(other) == MPI_ERR_RANK, " ");
    expect_text(code, ""); // none was added
    CHECK(MPI_Add_error_string(code, "the coffee is cold") == MPI_SUCCESS, " ");
    CHECK(MPI_Add_error_string(errclass, "a kitchen error") == MPI_SUCCESS, " ");
    expect_text(code, "the coffee is cold");
    expect_text(errclass, "a kitchen error");
    CHECK(MPI_Remove_error_string(code) == MPI_SUCCESS, " ");
    expect_text(code, "");
    CHECK(MPI_Remove_error_code(code) == MPI_SUCCESS, " ");
    CHECK(MPI_Remove_error_code(other) == MPI_SUCCESS, " ");
    CHECK(MPI_Remove_error_string(errclass) == MPI_SUCCESS, " ");
    CHECK(MPI_Remove_error_class(errclass) == MPI_SUCCESS, " ");
}

// Run with errors returned.
static void
wrong_codes(void)
{
    char text[MPI_MAX_ERROR_STRING], long_text[MPI_MAX_ERROR_STRING + 1];
    int length, errclass, code, value;
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = 0;
    expect_class(MPI_Error_class(123456, &value), MPI_ERR_ARG);
    expect_class(MPI_Error_string(-3, text, &length), MPI_ERR_ARG);
    expect_class(MPI_Error_string(MPI_ERR_RANK, NULL, &length), MPI_ERR_ARG);
    expect_class(MPI_Add_error_string(MPI_ERR_RANK, "x"), MPI_ERR_ARG);
    expect_class(MPI_Add_error_code(99999, &code), MPI_ERR_ARG);
    expect_class(MPI_Remove_error_class(MPI_ERR_RANK), MPI_ERR_ARG);
    MPI_Add_error_class(&errclass);
    MPI_Add_error_code(errclass, &code);
    expect_class(MPI_Add_error_string(code, long_text), MPI_ERR_ARG);
    expect_class(MPI_Remove_error_string(code), MPI_ERR_ARG);
    expect_class(MPI_Remove_error_code(errclass), MPI_ERR_ARG);
    expect_class(MPI_Remove_error_class(errclass), MPI_ERR_ARG); // its code lives
    MPI_Add_error_string(code, "x");
    MPI_Add_error_string(errclass, "x");
    expect_class(MPI_Remove_error_code(code), MPI_ERR_ARG); // its string lives
    MPI_Remove_error_string(code);
    MPI_Remove_error_code(code);
    expect_class(MPI_Remove_error_code(code), MPI_ERR_ARG);      // a second time
    expect_class(MPI_Remove_error_class(errclass), MPI_ERR_ARG); // its string lives
    MPI_Remove_error_string(errclass);
    MPI_Remove_error_class(errclass);
}

static void
users_handler(void)
{
    MPI_Comm comm;
    MPI_Errhandler handler, got;
    int rank;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    CHECK(MPI_Comm_create_errhandler(count_calls, &handler) == MPI_SUCCESS, " ");
    CHECK(MPI_Comm_set_errhandler(comm, handler) == MPI_SUCCESS, " ");
    CHECK(MPI_Comm_get_errhandler(comm, &got) == MPI_SUCCESS && got == handler, " ");
    CHECK(MPI_Errhandler_free(&got) == MPI_SUCCESS && got == MPI_ERRHANDLER_NULL, " ");
    CHECK(MPI_Errhandler_free(&handler) == MPI_SUCCESS, " "); // comm still has it
    calls = 0;
    int code = MPI_Send(&rank, 1, MPI_INT, world_size() + 98, 0, comm);
    CHECK(calls == 1 && last_code == code && last_comm == comm, "%d calls", calls);
    expect_class(code, MPI_ERR_RANK);
    CHECK(MPI_Comm_call_errhandler(comm, MPI_ERR_OTHER) == MPI_SUCCESS, " ");
    CHECK(calls == 2 && last_code == MPI_ERR_OTHER, "%d calls", calls);

    MPI_Comm child; // inherits it
    MPI_Comm_dup(comm, &child);
    MPI_Comm_call_errhandler(child, MPI_ERR_ARG);
    CHECK(calls == 3 && last_comm == child, "%d calls", calls);
    MPI_Comm_free(&child);
    CHECK(MPI_Comm_get_errhandler(comm, &got) == MPI_SUCCESS, " ");
    MPI_Comm_free(&comm);
    MPI_Errhandler_free(&got);
}

static void
handler_that_frees(void)
{
    MPI_Comm comm;
    MPI_Errhandler handler;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_create_errhandler(free_comm, &handler);
    MPI_Comm_set_errhandler(comm, handler);
    MPI_Errhandler_free(&handler);
    calls = 0;
    MPI_Comm_call_errhandler(comm, MPI_ERR_OTHER);
    CHECK(calls == 1, "%d calls", calls);
    int size;
    expect_class(MPI_Comm_size(comm, &size), MPI_ERR_COMM); // it is gone
}

static void
wrong_handlers(void)
{
    MPI_Errhandler handler = MPI_ERRHANDLER_NULL;
    expect_class(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRHANDLER_NULL), MPI_ERR_ERRHANDLER);
    expect_class(MPI_Comm_set_errhandler(MPI_COMM_NULL, MPI_ERRORS_RETURN), MPI_ERR_COMM);
    expect_class(MPI_Comm_set_errhandler((MPI_Comm)MPI_INT, MPI_ERRORS_RETURN), MPI_ERR_COMM);
    expect_class(MPI_Comm_get_errhandler(MPI_COMM_WORLD, NULL), MPI_ERR_ARG);
    expect_class(MPI_Comm_create_errhandler(NULL, &handler), MPI_ERR_ARG);
    expect_class(MPI_Errhandler_free(&handler), MPI_ERR_ERRHANDLER);
    MPI_Comm_create_errhandler(count_calls, &handler);
    MPI_Errhandler copy = handler;
    CHECK(MPI_Errhandler_free(&handler) == MPI_SUCCESS, " ");
    expect_class(MPI_Errhandler_free(&copy), MPI_ERR_ERRHANDLER); // freed
    handler = MPI_ERRORS_RETURN;
    CHECK(MPI_Errhandler_free(&handler) == MPI_SUCCESS, " ");
}

// Errors that belong to no communicator go to MPI_COMM_WORLD until MPI_COMM_SELF has a handler.
static void
nobodys_errors(void)
{
    int size;
    MPI_Errhandler handler;
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    expect_class(MPI_Comm_size(MPI_COMM_NULL, &size), MPI_ERR_COMM);
    MPI_Comm_create_errhandler(count_calls, &handler);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
    calls = 0;
    expect_class(MPI_Group_size(MPI_GROUP_NULL, &size), MPI_ERR_GROUP);
    CHECK(calls == 1 && last_comm == MPI_COMM_WORLD, "%d calls", calls);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, handler);
    expect_class(MPI_Group_size(MPI_GROUP_NULL, &size), MPI_ERR_GROUP);
    CHECK(calls == 2 && last_comm == MPI_COMM_SELF, "%d calls", calls);
    MPI_Errhandler_free(&handler);
}

static void
texts(void)
{
    int value;
    char expected[200];
    int code = MPI_Send(&value, 1, MPI_INT, world_size() + 98, 0, MPI_COMM_WORLD);
    snprintf(expected, sizeof expected,
             "MPI_ERR_RANK: MPI_Send: rank %d is not in MPI_COMM_WORLD (0..%d)", world_size() + 98,
             world_size() - 1);
    expect_text(code, expected);
    code = MPI_Comm_size(MPI_COMM_NULL, &value);
    expect_text(code, "MPI_ERR_COMM: MPI_Comm_size: MPI_COMM_NULL is not a communicator that can "
                      "be used here");
}

int
main(int argc, char **argv)
{
    user_codes();
    MPI_Init(&argc, &argv);
    MPI_Errhandler handler;
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &handler);
    CHECK(handler == MPI_ERRORS_ARE_FATAL, " ");
    nobodys_errors();
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    user_codes();
    wrong_codes();
    users_handler();
    handler_that_frees();
    wrong_handlers();
    texts();
    MPI_Finalize();
    user_codes();
    return 0;
}
