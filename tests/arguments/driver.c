// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Calls one MPI function with the values that its arguments name, in a process that has called
 * MPI_Init itself; tests/test_arguments.py says which, and makes the table of functions that is
 * included below. Without arguments it reads such lines, starts itself for each, and prints how
 * each has ended.
 *
 *     driver MPI_Send mem i:1 type:good i:0 i:8 comm:freed
 *
 * A value is "i:NUMBER"; "null"; "mem" (zeros); "fill:NUMBER" (ints), "FILL:NUMBER" (64 bits);
 * "text", "empty", "long" (strings); "fn" (a function that may be called back); "in_place";
 * KIND:STATE, a handle; "@KIND:STATE", memory full of it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <mpi.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROOM    65536 // bytes of each argument that is memory
#define MOST    24    // arguments
#define SECONDS 5     // that a call may take
#define ANSWER  3     // the descriptor for it

union value {
    long long n;
    void *p;
    void (*f)(void);
};

struct function {
    const char *name;
    long long (*call)(const union value *v);
    int gives_code;
};

static const struct function functions[];

extern char **environ;

/* ---- handles ---- */

enum kind {
    COMM,
    GROUP,
    TYPE,
    OP,
    REQUEST,
    MESSAGE,
    ERRHANDLER,
    INFO,
    WIN,
    FILE_,
    SESSION,
    T_ENUM,
    T_CVAR,
    T_SESSION,
    T_PVAR,
    T_EVENT,
    T_INSTANCE,
    KINDS
};

static const char *const kinds[KINDS] = {
    "comm", "group",   "type",   "op",     "request",   "message", "errhandler", "info",      "win",
    "file", "session", "t_enum", "t_cvar", "t_session", "t_pvar",  "t_event",    "t_instance"};
static const void *const nulls[KINDS] = {MPI_COMM_NULL,       MPI_GROUP_NULL,   MPI_DATATYPE_NULL,
                                         MPI_OP_NULL,         MPI_REQUEST_NULL, MPI_MESSAGE_NULL,
                                         MPI_ERRHANDLER_NULL, MPI_INFO_NULL,    MPI_WIN_NULL,
                                         MPI_FILE_NULL,       MPI_SESSION_NULL};

static MPI_Comm comm;            // a copy of MPI_COMM_SELF
static MPI_T_pvar_session tools; // of the good pvar handle

static void
add(void *in, void *inout, int *n, MPI_Datatype *type)
{
    (void)in, (void)inout, (void)n, (void)type;
}

static void
handler(MPI_Comm *on, int *code, ...)
{
    (void)on, (void)code;
}

// What a later version of the library may have: called if it is there.
#define LATER(name) ((__typeof__(&name))dlsym(RTLD_DEFAULT, #name))

static void *
make_request(void)
{
    static int data;
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Isend(&data, 1, MPI_INT, 0, 8, comm, &request);
    return request;
}

static void *
make_message(void)
{
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Mprobe(0, 7, comm, &message, MPI_STATUS_IGNORE);
    return message;
}

// Not that of a communicator: each is another.
static void *
make_group(void)
{
    MPI_Group all, made;
    MPI_Comm_group(comm, &all);
    MPI_Group_incl(all, 1, (int[]){0}, &made);
    MPI_Group_free(&all);
    return made;
}

static void *
make_window(void)
{
    static char data[64];
    MPI_Win win = MPI_WIN_NULL;
    if (LATER(MPI_Win_create))
        LATER(MPI_Win_create)(data, 64, 1, MPI_INFO_NULL, comm, &win);
    if (win != MPI_WIN_NULL) {
        LATER(MPI_Win_set_errhandler)(win, MPI_ERRORS_RETURN);
        LATER(MPI_Win_fence)(0, win);
    }
    return win;
}

static void *
make_file(void)
{
    MPI_File file = MPI_FILE_NULL;
    char name[64];
    snprintf(name, sizeof name, "/tmp/muster-arguments-%d", (int)getpid());
    if (LATER(MPI_File_open))
        LATER(MPI_File_open)
    (comm, name, MPI_MODE_CREATE | MPI_MODE_RDWR, MPI_INFO_NULL, &file);
    unlink(name); // most calls end without closing it
    return file;
}

static void *
make_session(void)
{
    MPI_Session session = MPI_SESSION_NULL;
    if (LATER(MPI_Session_init))
        LATER(MPI_Session_init)(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session);
    return session;
}

static void *
make_of_table(enum kind kind)
{
    MPI_T_cvar_handle cvar;
    MPI_T_enum type = MPI_T_ENUM_NULL;
    int n;
    if (kind == T_CVAR)
        return MPI_T_cvar_handle_alloc(0, NULL, &cvar, &n) == MPI_SUCCESS ? cvar : NULL;
    MPI_T_pvar_get_num(&n);
    while (n-- > 0 && type == MPI_T_ENUM_NULL)
        MPI_T_pvar_get_info(n, NULL, NULL, NULL, NULL, NULL, &type, NULL, NULL, NULL, NULL, NULL,
                            NULL);
    return kind == T_ENUM ? type : NULL;
}

static void *
make_tool(enum kind kind)
{
    MPI_T_pvar_handle pvar;
    MPI_T_event_registration event;
    MPI_T_pvar_session session;
    int n;
    switch (kind) {
    case T_PVAR:
        MPI_T_pvar_handle_alloc(tools, 0, NULL, &pvar, &n);
        return pvar;
    case T_EVENT:
        MPI_T_event_handle_alloc(0, NULL, MPI_INFO_NULL, &event);
        return event;
    case T_SESSION:
        MPI_T_pvar_session_create(&session);
        return session;
    default:
        return make_of_table(kind);
    }
}

static void *
make(enum kind kind)
{
    void *made = NULL;
    switch (kind) {
    case COMM:
        MPI_Comm_dup(MPI_COMM_SELF, (MPI_Comm *)&made);
        return made;
    case GROUP:
        return make_group();
    case TYPE:
        MPI_Type_dup(MPI_INT, (MPI_Datatype *)&made);
        return made;
    case OP:
        MPI_Op_create(add, 1, (MPI_Op *)&made);
        return made;
    case REQUEST:
        return make_request();
    case MESSAGE:
        return make_message();
    case ERRHANDLER:
        MPI_Comm_create_errhandler(handler, (MPI_Errhandler *)&made);
        return made;
    case INFO:
        MPI_Info_create((MPI_Info *)&made);
        return made;
    case WIN:
        return make_window();
    case FILE_:
        return make_file();
    case SESSION:
        return make_session();
    default:
        return make_tool(kind);
    }
}

static void
end(enum kind kind, void *handle)
{
    static int data;
    switch (kind) {
    case COMM:
        MPI_Comm_free((MPI_Comm *)&handle);
        break;
    case GROUP:
        MPI_Group_free((MPI_Group *)&handle);
        break;
    case TYPE:
        MPI_Type_free((MPI_Datatype *)&handle);
        break;
    case OP:
        MPI_Op_free((MPI_Op *)&handle);
        break;
    case REQUEST:
        MPI_Wait((MPI_Request *)&handle, MPI_STATUS_IGNORE);
        break;
    case MESSAGE:
        MPI_Mrecv(&data, 1, MPI_INT, (MPI_Message *)&handle, MPI_STATUS_IGNORE);
        break;
    case ERRHANDLER:
        MPI_Errhandler_free((MPI_Errhandler *)&handle);
        break;
    case INFO:
        MPI_Info_free((MPI_Info *)&handle);
        break;
    case WIN:
        if (LATER(MPI_Win_free))
            LATER(MPI_Win_free)((MPI_Win *)&handle);
        break;
    case FILE_:
        if (LATER(MPI_File_close))
            LATER(MPI_File_close)((MPI_File *)&handle);
        break;
    case SESSION:
        if (LATER(MPI_Session_finalize))
            LATER(MPI_Session_finalize)((MPI_Session *)&handle);
        break;
    case T_PVAR:
        MPI_T_pvar_handle_free(tools, (MPI_T_pvar_handle *)&handle);
        break;
    case T_EVENT:
        MPI_T_event_handle_free(handle, NULL, NULL);
        break;
    case T_SESSION:
        MPI_T_pvar_session_free((MPI_T_pvar_session *)&handle);
        break;
    default:
        break;
    }
}

// Not committed; where the library has no derived types, nothing.
static void *
raw_type(void)
{
    MPI_Datatype type = MPI_DATATYPE_NULL;
    if (LATER(MPI_Type_contiguous))
        LATER(MPI_Type_contiguous)(1, MPI_INT, &type);
    return type;
}

static void *
handle(const char *name)
{
    const char *state = strchr(name, ':') + 1;
    int kind = 0;
    while (kind < KINDS && (strncmp(kinds[kind], name, strlen(kinds[kind])) != 0 ||
                            name[strlen(kinds[kind])] != ':'))
        kind++;
    if (kind == KINDS)
        exit(90);
    if (strcmp(state, "good") == 0) // the kinds that others refer to are made once
        return kind == COMM ? comm : kind == T_SESSION ? tools : make((enum kind)kind);
    if (strcmp(state, "own") == 0) // with nothing under way
        return make((enum kind)kind);
    if (strcmp(state, "basic") == 0)
        return kind == TYPE ? (void *)MPI_INT : (void *)MPI_SUM;
    if (strcmp(state, "null") == 0)
        return (void *)(uintptr_t)nulls[kind];
    if (strcmp(state, "raw") == 0)
        return raw_type();
    if (strcmp(state, "kind") == 0) // of another kind
        return kind == INFO ? make(GROUP) : make(INFO);
    if (strcmp(state, "freed") == 0) {
        void *made = make((enum kind)kind);
        if (made == nulls[kind])
            return (void *)0x12345678; // the library cannot make any
        end((enum kind)kind, made);
        return made;
    }
    return (void *)(uintptr_t)strtoull(state, NULL, 0); // wild
}

/* ---- values ---- */

// Called back with whatever arguments; says "done".
static int
callback(void)
{
    return 0;
}

static union value
value(const char *word, char *room)
{
    union value v = {.p = room};
    if (strncmp(word, "i:", 2) == 0)
        v.n = strtoll(word + 2, NULL, 0);
    else if (strcmp(word, "null") == 0)
        v.p = NULL;
    else if (strcmp(word, "in_place") == 0)
        v.p = MPI_IN_PLACE;
    else if (strcmp(word, "text") == 0)
        strcpy(room, "text");
    else if (strcmp(word, "long") == 0)
        memset(room, 'x', ROOM - 1);
    else if (strcmp(word, "fn") == 0)
        v.f = (void (*)(void))callback;
    else if (strncmp(word, "fill:", 5) == 0)
        for (size_t i = 0; i < ROOM / sizeof(int); i++)
            ((int *)(void *)room)[i] = (int)strtoll(word + 5, NULL, 0);
    else if (strncmp(word, "FILL:", 5) == 0)
        for (size_t i = 0; i < ROOM / sizeof(long long); i++)
            ((long long *)(void *)room)[i] = strtoll(word + 5, NULL, 0);
    else if (*word == '@') {
        void *h = handle(word + 1);
        for (size_t i = 0; i < ROOM / sizeof h; i++)
            ((void **)(void *)room)[i] = h;
    } else if (strcmp(word, "mem") != 0 && strcmp(word, "empty") != 0)
        v.p = handle(word);
    return v;
}

/* ---- one call ---- */

static void
prepare(void)
{
    static int data[16];
    int provided;
    MPI_Request request;
    MPI_Init(NULL, NULL);
    MPI_T_init_thread(MPI_THREAD_SINGLE, &provided);
    MPI_T_pvar_session_create(&tools);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    // What a receive finds has the tag 7; what a send goes to, 8.
    for (int i = 0; i < 4; i++)
        MPI_Send(&data[i], 1, MPI_INT, 0, 7, comm);
    for (int i = 4; i < 8; i++) {
        MPI_Irecv(&data[i], 1, MPI_INT, 0, 8, comm, &request);
        MPI_Request_free(&request);
    }
}

static int
one_call(int words, char **word)
{
    static _Alignas(4096) char room[MOST][ROOM];
    union value v[MOST];
    const struct function *f = functions;
    int errclass = -1;
    while (f->name && strcmp(f->name, word[0]) != 0)
        f++;
    if (!f->name || words - 1 > MOST)
        return 91;
    prepare();
    for (int i = 1; i < words; i++)
        v[i - 1] = value(word[i], room[i - 1]);
    long long code = f->call(v);
    if (!f->gives_code)
        code = 0;
    else if (MPI_Error_class((int)code, &errclass) != MPI_SUCCESS)
        errclass = -2;
    dprintf(ANSWER, "%lld %d", code, errclass);
    int finalized;
    MPI_Finalized(&finalized);
    if (!finalized)
        MPI_Finalize();
    return 0;
}

/* ---- many ---- */

// How the process has ended, in a word; it is killed after its time.
static void
wait_for(pid_t child, char *how, size_t n)
{
    int status = 0, fd = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    int late = fd >= 0 && poll(&ended, 1, SECONDS * 1000) == 0;
    if (late)
        kill(child, SIGKILL);
    waitpid(child, &status, 0);
    close(fd);
    if (late)
        snprintf(how, n, "hangs");
    else if (WIFSIGNALED(status))
        snprintf(how, n, "signal %d", WTERMSIG(status));
    else
        snprintf(how, n, "exit %d", WEXITSTATUS(status));
}

static void
start(char *self, char *line)
{
    char *words[MOST + 3] = {self}, answer[64] = "", how[32];
    int n = 1, ends[2];
    for (char *w = strtok(line, " \n"); w && n < MOST + 2; w = strtok(NULL, " \n"))
        words[n++] = w;
    posix_spawn_file_actions_t actions;
    pid_t child;
    if (pipe(ends) != 0)
        exit(92);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], ANSWER);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    if (posix_spawn(&child, self, &actions, NULL, words, environ) != 0)
        exit(93);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    wait_for(child, how, sizeof how);
    ssize_t got = read(ends[0], answer, sizeof answer - 1);
    close(ends[0]);
    printf("%s; %s\n", got > 0 ? answer : "none", how);
    fflush(stdout);
}

int
main(int argc, char **argv)
{
    char line[8192];
    if (argc > 1)
        return one_call(argc - 1, argv + 1);
    // The lowest descriptors are taken, so that a pipe is never ANSWER itself.
    for (int i = 0; i < 4; i++)
        dup(STDERR_FILENO);
    while (fgets(line, sizeof line, stdin))
        start(argv[0], line);
    return 0;
}

#include "calls.h"
