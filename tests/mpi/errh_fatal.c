// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What a fatal error prints and how the process ends; calls before MPI_Init, after MPI_Finalize and
 * in a forked child; the initial error handler. Each case is a process of its own that belongs to
 * no job. */
#include "check.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
bad_rank(void)
{
    MPI_Init(NULL, NULL);
    MPI_Send(NULL, 0, MPI_INT, 99, 0, MPI_COMM_WORLD);
}

static void
without_comm(void)
{
    int size;
    MPI_Init(NULL, NULL);
    MPI_Type_size(MPI_DATATYPE_NULL, &size);
}

static void
before_init(void)
{
    int size;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
}

static void
after_finalize(void)
{
    int rank;
    MPI_Init(NULL, NULL);
    MPI_Finalize();
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
}

static void
users_class(void)
{
    int errclass, code;
    MPI_Init(NULL, NULL);
    MPI_Add_error_class(&errclass);
    MPI_Add_error_code(errclass, &code);
    MPI_Add_error_string(code, "out of coffee");
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_ABORT);
    MPI_Comm_call_errhandler(MPI_COMM_WORLD, code);
}

// The job's failure has been told already: this rank says nothing more.
static void
aborted(void)
{
    MPI_Init(NULL, NULL);
    MPI_Comm_call_errhandler(MPI_COMM_WORLD, MPI_ERR_PROC_ABORTED);
}

static void
forked_fatal(void)
{
    MPI_Init(NULL, NULL);
    pid_t child = fork();
    int size, status;
    if (child == 0)
        MPI_Comm_size(MPI_COMM_WORLD, &size);
    waitpid(child, &status, 0);
    MPI_Comm_size(MPI_COMM_WORLD, &size); // the rank itself goes on
    MPI_Finalize();
    _exit(WEXITSTATUS(status));
}

static void
forked_returns(void)
{
    MPI_Init(NULL, NULL);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    pid_t child = fork();
    int size = 0, status, errclass = 0;
    if (child == 0) {
        int code = MPI_Comm_size(MPI_COMM_WORLD, &size);
        MPI_Error_class(code, &errclass);
        _exit(errclass);
    }
    waitpid(child, &status, 0);
    MPI_Finalize();
    _exit(WEXITSTATUS(status));
}

static void
returns_from_the_start(void)
{
    int size, errclass;
    MPI_Errhandler handler;
    MPI_Error_class(MPI_Comm_size(MPI_COMM_WORLD, &size), &errclass);
    MPI_Init(NULL, NULL);
    MPI_Comm_get_errhandler(MPI_COMM_WORLD, &handler);
    MPI_Send(NULL, 0, MPI_INT, 99, 0, MPI_COMM_WORLD);
    MPI_Finalize();
    _exit(handler == MPI_ERRORS_RETURN ? errclass : 1);
}

static const struct fatal_case {
    const char *name;
    void (*run)(void);
    int exit_code;
    const char *output;
    const char *initial; // error handler
} cases[] = {
    {"bad rank", bad_rank, MPI_ERR_RANK,
     "muster: rank 0: MPI_ERR_RANK: MPI_Send: rank 99 is not in MPI_COMM_WORLD (0..0)\n", NULL},
    {"without comm", without_comm, MPI_ERR_TYPE,
     "muster: rank 0: MPI_ERR_TYPE: MPI_Type_size: MPI_DATATYPE_NULL is not a datatype that can "
     "be used here\n",
     NULL},
    {"before init", before_init, MPI_ERR_OTHER,
     "muster: MPI_ERR_OTHER: MPI_Comm_size: MPI is not initialized: call MPI_Init before\n", NULL},
    {"after finalize", after_finalize, MPI_ERR_OTHER,
     "muster: rank 0: MPI_ERR_OTHER: MPI_Comm_rank: MPI_Finalize has already been called\n", NULL},
    {"user's class", users_class, 1, "muster: rank 0: out of coffee\n", NULL},
    {"aborted", aborted, MPI_ERR_PROC_ABORTED, "", NULL},
    {"forked, fatal", forked_fatal, MPI_ERR_OTHER,
     "muster: rank 0: MPI_ERR_OTHER: MPI_Comm_size: this process was forked from a rank and is "
     "outside MPI (start MPI programs with mpiexec)\n",
     NULL},
    {"forked, returning", forked_returns, MPI_ERR_OTHER, "", NULL},
    {"initial handler", returns_from_the_start, MPI_ERR_OTHER, "", "mpi_errors_return"},
};
#define CASES ((int)(sizeof cases / sizeof *cases))

static void
start_case(const char *program, int i, int out)
{
    char number[16];
    snprintf(number, sizeof number, "%d", i);
    unsetenv("MUSTER_JOB");
    unsetenv("MUSTER_ERRHANDLER");
    if (cases[i].initial)
        setenv("MUSTER_ERRHANDLER", cases[i].initial, 1);
    dup2(out, STDERR_FILENO);
    execl("/proc/self/exe", program, number, (char *)NULL);
    _exit(127);
}

static void
try_case(const char *program, int i)
{
    int ends[2], status;
    char output[4096];
    size_t n = 0;
    CHECK(pipe(ends) == 0, " ");
    pid_t child = fork();
    if (child == 0)
        start_case(program, i, ends[1]);
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], output + n, sizeof output - 1 - n)) > 0;)
        n += (size_t)got;
    output[n] = 0;
    close(ends[0]);
    waitpid(child, &status, 0);
    CHECK(strcmp(output, cases[i].output) == 0, "%s: '%s'", cases[i].name, output);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == cases[i].exit_code, "%s: status 0x%x",
          cases[i].name, status);
}

int
main(int argc, char **argv)
{
    if (argc > 1) {
        cases[atoi(argv[1])].run();
        return 0; // where nothing was fatal
    }
    MPI_Init(&argc, &argv);
    for (int i = 0; i < CASES; i++)
        try_case(argv[0], i);
    MPI_Finalize();
    return 0;
}
