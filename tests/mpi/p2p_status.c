// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The calls that look at requests and end none, in lists with null, inactive, open and finished
 * ones; the functions of a status. */

#include "check.h"

#include <stdint.h>

static void
fields(void)
{
    MPI_Status s = {0};
    int x = 0, flag = 0;
    MPI_Count n = 0;
    MPI_Status_set_source(&s, 5);
    MPI_Status_set_tag(&s, 6);
    MPI_Status_set_error(&s, 7);
    CHECK(s.MPI_SOURCE == 5 && s.MPI_TAG == 6 && s.MPI_ERROR == 7, "%d, %d, %d", s.MPI_SOURCE,
          s.MPI_TAG, s.MPI_ERROR);
    MPI_Status_get_source(&s, &x);
    CHECK(x == 5, "%d", x);
    MPI_Status_get_tag(&s, &x);
    CHECK(x == 6, "%d", x);
    MPI_Status_get_error(&s, &x);
    CHECK(x == 7, "%d", x);
    MPI_Status_set_cancelled(&s, 1);
    MPI_Test_cancelled(&s, &flag);
    CHECK(flag == 1, "%d", flag);
    MPI_Status_set_cancelled(&s, 0);
    MPI_Test_cancelled(&s, &flag);
    CHECK(flag == 0, "%d", flag);
    MPI_Status_set_elements(&s, MPI_DOUBLE, 9);
    MPI_Get_count(&s, MPI_DOUBLE, &x);
    CHECK(x == 9, "%d", x);
    MPI_Get_elements(&s, MPI_DOUBLE_INT, &x);
    CHECK(x == 12, "%d", x); // 72 bytes are six pairs
    MPI_Status_set_elements_c(&s, MPI_INT, (MPI_Count)INT32_MAX + 5);
    MPI_Get_count_c(&s, MPI_INT, &n);
    CHECK(n == (MPI_Count)INT32_MAX + 5, "%lld", (long long)n);
    MPI_Get_count(&s, MPI_INT, &x);
    CHECK(x == MPI_UNDEFINED, "%d", x);
    MPI_Status_set_elements_x(&s, MPI_BYTE, (MPI_Count)1 << 40);
    MPI_Get_elements_x(&s, MPI_BYTE, &n);
    CHECK(n == (MPI_Count)1 << 40, "%lld", (long long)n);
    CHECK(s.MPI_SOURCE == 5 && s.MPI_TAG == 6 && s.MPI_ERROR == 7, "the fields have changed");
}

static void
status_errors(void)
{
    MPI_Status s = {0};
    int x, class;
#define FAILS(wanted, call)                                                                        \
    do {                                                                                           \
        MPI_Error_class(call, &class);                                                             \
        CHECK(class == (wanted), "class %d", class);                                               \
    } while (0)
    FAILS(MPI_ERR_ARG, MPI_Status_set_source(NULL, 1));
    FAILS(MPI_ERR_ARG, MPI_Status_set_tag(NULL, 1));
    FAILS(MPI_ERR_ARG, MPI_Status_set_error(NULL, 1));
    FAILS(MPI_ERR_ARG, MPI_Status_set_cancelled(NULL, 1));
    FAILS(MPI_ERR_ARG, MPI_Status_get_source(NULL, &x));
    FAILS(MPI_ERR_ARG, MPI_Status_get_tag(&s, NULL));
    FAILS(MPI_ERR_ARG, MPI_Status_get_error(&s, NULL));
    FAILS(MPI_ERR_ARG, MPI_Test_cancelled(&s, NULL));
    FAILS(MPI_ERR_ARG, MPI_Test_cancelled(NULL, &x));
    FAILS(MPI_ERR_COUNT, MPI_Status_set_elements(&s, MPI_INT, -1));
    FAILS(MPI_ERR_TYPE, MPI_Status_set_elements(&s, MPI_DATATYPE_NULL, 1));
}

// Null, inactive, open, and two that are done: [1] inactive, [2] open, [3] and [4] done.
static void
lists(void)
{
    MPI_Request r[5] = {MPI_REQUEST_NULL, 0, 0, 0, 0}, kept[5];
    MPI_Status s = {0}, many[5];
    int in[5] = {0}, out[5] = {0, 10, 20, 30, 40}, index, flag, n, indices[5];
    MPI_Recv_init(&in[1], 1, MPI_INT, 0, 1, MPI_COMM_SELF, &r[1]);
    for (int i = 2; i < 5; i++)
        MPI_Irecv(&in[i], 1, MPI_INT, 0, i, MPI_COMM_SELF, &r[i]);
    MPI_Request_get_status_any(5, r, &index, &flag, &s);
    CHECK(!flag && index == MPI_UNDEFINED, "flag %d, index %d", flag, index);
    MPI_Request_get_status_some(5, r, &n, indices, many);
    CHECK(n == 0, "%d are done", n);
    for (int i = 3; i < 5; i++)
        MPI_Send(&out[i], 1, MPI_INT, 0, i, MPI_COMM_SELF);
    for (int i = 0; i < 5; i++)
        kept[i] = r[i];
    for (int again = 0; again < 2; again++) {
        MPI_Request_get_status_any(5, r, &index, &flag, &s);
        CHECK(flag && index == 3 && s.MPI_TAG == 3 && s.MPI_SOURCE == 0, "index %d, tag %d", index,
              s.MPI_TAG);
        MPI_Request_get_status_some(5, r, &n, indices, many);
        CHECK(n == 2 && indices[0] == 3 && indices[1] == 4 && many[1].MPI_TAG == 4 &&
                  many[1].MPI_ERROR == MPI_SUCCESS,
              "%d are done", n);
        MPI_Request_get_status_all(5, r, &flag, many);
        CHECK(!flag, "all are done");
        MPI_Request_get_status_some(5, r, &n, indices, MPI_STATUSES_IGNORE);
        CHECK(n == 2, "%d are done", n);
    }
    MPI_Send(&out[2], 1, MPI_INT, 0, 2, MPI_COMM_SELF);
    MPI_Request_get_status_all(5, r, &flag, many);
    CHECK(flag && many[0].MPI_TAG == MPI_ANY_TAG && many[1].MPI_SOURCE == MPI_ANY_SOURCE &&
              many[2].MPI_TAG == 2 && many[4].MPI_TAG == 4,
          "flag %d", flag);
    MPI_Request_get_status_all(5, r, &flag, MPI_STATUSES_IGNORE);
    CHECK(flag, "they are not done any more");
    for (int i = 0; i < 5; i++)
        CHECK(kept[i] == r[i], "handle %d has changed", i);
    MPI_Waitall(5, r, many);
    for (int i = 2; i < 5; i++)
        CHECK(in[i] == out[i] && r[i] == MPI_REQUEST_NULL, "value %d", in[i]);
    CHECK(r[1] == kept[1], "the persistent one is gone");
    // Nothing active is left.
    MPI_Request_get_status_any(5, r, &index, &flag, &s);
    CHECK(flag && index == MPI_UNDEFINED && s.MPI_SOURCE == MPI_ANY_SOURCE, "index %d", index);
    MPI_Request_get_status_some(5, r, &n, indices, many);
    CHECK(n == MPI_UNDEFINED, "%d", n);
    MPI_Request_get_status_all(5, r, &flag, many);
    CHECK(flag, "not complete");
    MPI_Request_get_status_all(0, NULL, &flag, NULL);
    CHECK(flag, "an empty list is not complete");
    MPI_Request_free(&r[1]);
}

// An error stands in the status, and again for who completes it.
static void
operation_error(void)
{
    MPI_Request r[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    MPI_Status many[2];
    int x, out[2] = {1, 2}, class, flag, n, indices[2], index;
    MPI_Irecv(&x, 1, MPI_INT, 0, 1, MPI_COMM_SELF, &r[1]);
    MPI_Send(out, 2, MPI_INT, 0, 1, MPI_COMM_SELF);
    FAILS(MPI_ERR_TRUNCATE, MPI_Request_get_status_any(2, r, &index, &flag, MPI_STATUS_IGNORE));
    FAILS(MPI_ERR_IN_STATUS, MPI_Request_get_status_all(2, r, &flag, many));
    MPI_Error_class(many[1].MPI_ERROR, &class);
    CHECK(class == MPI_ERR_TRUNCATE, "class %d", class);
    FAILS(MPI_ERR_IN_STATUS, MPI_Request_get_status_some(2, r, &n, indices, many));
    CHECK(n == 1 && indices[0] == 1, "%d are done", n);
    MPI_Error_class(many[0].MPI_ERROR, &class);
    CHECK(class == MPI_ERR_TRUNCATE, "class %d", class);
    FAILS(MPI_ERR_TRUNCATE, MPI_Wait(&r[1], MPI_STATUS_IGNORE));
    MPI_Request bad[2] = {MPI_REQUEST_NULL, (MPI_Request)(intptr_t)0x123456789};
    FAILS(MPI_ERR_REQUEST, MPI_Request_get_status_all(2, bad, &flag, many));
    FAILS(MPI_ERR_COUNT, MPI_Request_get_status_all(-1, bad, &flag, many));
    FAILS(MPI_ERR_ARG, MPI_Request_get_status_all(2, NULL, &flag, many));
    FAILS(MPI_ERR_ARG, MPI_Request_get_status_all(2, r, NULL, many));
    FAILS(MPI_ERR_ARG, MPI_Request_get_status_any(2, r, NULL, &flag, many));
    FAILS(MPI_ERR_ARG, MPI_Request_get_status_some(2, r, NULL, indices, many));
    FAILS(MPI_ERR_ARG, MPI_Request_get_status_some(2, r, &n, NULL, many));
}

int
main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    fields();
    status_errors();
    lists();
    operation_error();
    MPI_Finalize();
    return 0;
}
