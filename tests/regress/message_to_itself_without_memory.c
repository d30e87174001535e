// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* A blocking send to the process itself that could not be kept for want of memory never ended, and
 * who received it read from a null pointer. */

#include "../mpi/check.h"

// The sanitizer would end the program.
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

int
main(int argc, char **argv)
{
    char text[MPI_MAX_ERROR_STRING], byte = 0;
    int errclass, length, flag;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    int code = MPI_Send_c(&byte, (MPI_Count)1 << 50, MPI_BYTE, 0, 3, MPI_COMM_SELF);
    MPI_Error_class(code, &errclass);
    MPI_Error_string(code, text, &length);
    CHECK(errclass == MPI_ERR_NO_MEM, "%s", text);
    MPI_Iprobe(0, 3, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE);
    CHECK(!flag, "the message is still there");
    MPI_Finalize();
    return 0;
}
