// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The life of MPI in a Python process: mpi4py.rc, initialization at import, and the end.
 *
 * The end is an exit handler of libc that is told the exit status. Zero: MPI_Finalize. Anything
 * else (an uncaught exception, sys.exit with a message): nothing, this rank has failed, and must
 * not wait in MPI_Finalize for others that wait for it; the engine tells them. The handler runs
 * after Python is gone, so what it needs is neither Python's nor the module's.
 */
#include "init.h"

#include "call.h"
#include "comm.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

struct exit_record {
    pid_t pid; // a forked child is not the rank
    bool finalize;
    int abort_status;
};

bool
mpi_is_active(void)
{
    int initialized = 0, finalized = 1;
    if (MPI_Initialized(&initialized) != MPI_SUCCESS || !initialized)
        return false;
    return MPI_Finalized(&finalized) == MPI_SUCCESS && !finalized;
}

// The end

static void
at_exit(int status, void *arg)
{
    struct exit_record *record = arg;
    if (record->pid == getpid() && mpi_is_active()) {
        if (record->abort_status != 0)
            MPI_Abort(MPI_COMM_WORLD, record->abort_status);
        else if (status == 0 && record->finalize)
            MPI_Finalize();
    }
    // the record stays: after another MPI_Init the handler is registered again
}

static bool
exit_record_start(struct state *st, bool finalize)
{
    struct exit_record *record = calloc(1, sizeof(*record));
    if (record == NULL) {
        PyErr_NoMemory();
        return false;
    }
    record->pid = getpid();
    record->finalize = finalize;
    st->exit_record = record;
    return true;
}

void
init_set_abort_status(struct state *st, int status)
{
    if (st->exit_record != NULL)
        st->exit_record->abort_status = status;
}

// mpi4py.rc

static bool
rc_warn(const char *name, PyObject *value)
{
    return PyErr_WarnFormat(PyExc_RuntimeWarning, 1, "mpi4py.rc.%s: unexpected value %R", name,
                            value) == 0;
}

static bool
is_word(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasecmp(text, *words) == 0)
            return true;
    return false;
}

// What an environment variable says: a bool, an int where the default is one, or a string.
static PyObject *
environment_value(const char *text, PyObject *standard)
{
    static const char *const yes[] = {"true", "yes", "on", "y", "1", NULL};
    static const char *const no[] = {"false", "no", "off", "n", "0", NULL};
    if (PyLong_CheckExact(standard) && text[0] != 0 && strspn(text, "0123456789") == strlen(text))
        return PyLong_FromString(text, NULL, 10);
    if (is_word(text, yes))
        return Py_NewRef(Py_True);
    if (is_word(text, no))
        return Py_NewRef(Py_False);
    PyObject *value = PyUnicode_FromString(text);
    PyObject *lower = value == NULL ? NULL : PyObject_CallMethod(value, "lower", NULL);
    Py_XDECREF(value);
    return lower;
}

// An option: the environment's (MPI4PY_RC_NAME), else that of `rc`. New reference.
static PyObject *
rc_value(PyObject *rc, const char *name, PyObject *standard)
{
    char variable[64] = "MPI4PY_RC_";
    size_t at = strlen(variable);
    for (size_t i = 0; name[i] != 0 && at < sizeof(variable) - 1; i++)
        variable[at++] = (char)toupper((unsigned char)name[i]);
    variable[at] = 0;
    const char *text = getenv(variable);
    if (text != NULL) {
        PyObject *value = environment_value(text, standard);
        if (value != NULL && rc != NULL && PyObject_SetAttrString(rc, name, value) < 0)
            PyErr_Clear();
        return value;
    }
    PyObject *value = rc == NULL ? NULL : PyObject_GetAttrString(rc, name);
    if (value == NULL) {
        PyErr_Clear();
        value = Py_NewRef(standard);
    }
    return value;
}

static bool
equals(PyObject *value, const char *text)
{
    return PyUnicode_Check(value) && PyUnicode_CompareWithASCIIString(value, text) == 0;
}

// True and "yes", False and "no"; anything else is warned about and changes nothing.
static bool
rc_bool(PyObject *rc, const char *name, bool *option)
{
    PyObject *value = rc_value(rc, name, Py_True);
    if (value == NULL)
        return false;
    bool known = true;
    if (value == Py_True || equals(value, "yes"))
        *option = true;
    else if (value == Py_False || equals(value, "no"))
        *option = false;
    else
        known = rc_warn(name, value);
    Py_DECREF(value);
    return known;
}

/* A word among several and what it stands for. */
struct choice {
    const char *word;
    int value;
};

static bool
rc_choice(PyObject *rc, const char *name, const struct choice *choices, int *option)
{
    PyObject *standard = PyUnicode_FromString(choices[0].word);
    PyObject *value = standard == NULL ? NULL : rc_value(rc, name, standard);
    Py_XDECREF(standard);
    if (value == NULL)
        return false;
    bool known = false;
    for (const struct choice *c = choices; !known && c->word != NULL; c++) {
        known = equals(value, c->word);
        if (known)
            *option = c->value;
    }
    if (!known)
        known = rc_warn(name, value);
    Py_DECREF(value);
    return known;
}

// fast_reduce and recv_mprobe have no use here, wrong values are still told.
struct options {
    bool initialize, threads, finalize, fast_reduce, recv_mprobe;
    int thread_level, errors;
};

// rc.finalize: None stands for rc.initialize.
static bool
rc_finalize(PyObject *rc, struct options *options)
{
    options->finalize = options->initialize;
    PyObject *value = rc_value(rc, "finalize", Py_None);
    if (value == NULL)
        return false;
    bool none = value == Py_None;
    Py_DECREF(value);
    return none || rc_bool(rc, "finalize", &options->finalize);
}

// rc.irecv_bufsz has no use here, a wrong value is still told.
static bool
rc_irecv_bufsz(PyObject *rc)
{
    PyObject *standard = PyLong_FromLong(32768);
    PyObject *value = standard == NULL ? NULL : rc_value(rc, "irecv_bufsz", standard);
    Py_XDECREF(standard);
    if (value == NULL)
        return false;
    bool known = PyLong_CheckExact(value) && PyLong_AsLongLong(value) >= 0;
    PyErr_Clear();
    if (!known)
        known = rc_warn("irecv_bufsz", value);
    Py_DECREF(value);
    return known;
}

static bool
options_read(PyObject *rc, struct options *options)
{
    static const struct choice levels[] = {{"multiple", MPI_THREAD_MULTIPLE},
                                           {"serialized", MPI_THREAD_SERIALIZED},
                                           {"funneled", MPI_THREAD_FUNNELED},
                                           {"single", MPI_THREAD_SINGLE},
                                           {NULL, 0}};
    static const struct choice errors[] = {{"exception", ERRORS_EXCEPTION},
                                           {"default", ERRORS_DEFAULT},
                                           {"abort", ERRORS_ABORT},
                                           {"fatal", ERRORS_FATAL},
                                           {NULL, 0}};
    return rc_bool(rc, "initialize", &options->initialize) &&
           rc_bool(rc, "threads", &options->threads) &&
           rc_choice(rc, "thread_level", levels, &options->thread_level) &&
           rc_finalize(rc, options) && rc_bool(rc, "fast_reduce", &options->fast_reduce) &&
           rc_bool(rc, "recv_mprobe", &options->recv_mprobe) && rc_irecv_bufsz(rc) &&
           rc_choice(rc, "errors", errors, &options->errors);
}

static PyObject *
rc_find(void)
{
    PyObject *package = PyImport_ImportModule("mpi4py");
    PyObject *rc = package == NULL ? NULL : PyObject_GetAttrString(package, "rc");
    Py_XDECREF(package);
    PyErr_Clear();
    return rc;
}

// The beginning

static bool
initialize(const struct options *options)
{
    int provided, code;
    Py_BEGIN_ALLOW_THREADS code =
        options->threads ? MPI_Init_thread(NULL, NULL, options->thread_level, &provided)
                         : MPI_Init(NULL, NULL);
    Py_END_ALLOW_THREADS if (code == MPI_SUCCESS) return true;
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int length;
    MPI_Error_string(code, text, &length);
    PyErr_Format(PyExc_RuntimeError, "%s() failed [error code: %d] %s",
                 options->threads ? "MPI_Init_thread" : "MPI_Init", code, text);
    return false;
}

bool
init_finish(struct state *st)
{
    if (!mpi_is_active())
        return true;
    // exit handlers run last in, first out: ours must come before those that MPI_Init registered
    if (on_exit(at_exit, st->exit_record) != 0) {
        PyErr_SetString(PyExc_RuntimeError, "cannot register an exit handler");
        return false;
    }
    MPI_Query_thread(&st->thread_level);
    return comm_apply_errors(st, MPI_COMM_SELF) && comm_apply_errors(st, MPI_COMM_WORLD);
}

bool
init_at_import(struct state *st)
{
    struct options options = {.initialize = true,
                              .threads = true,
                              .fast_reduce = true,
                              .recv_mprobe = true,
                              .thread_level = MPI_THREAD_MULTIPLE,
                              .errors = ERRORS_EXCEPTION};
    PyObject *rc = rc_find();
    bool read = options_read(rc, &options);
    Py_XDECREF(rc);
    if (!read)
        return false;
    st->errors = options.errors;
    int initialized = 1;
    MPI_Initialized(&initialized);
    if (!initialized && options.initialize && !initialize(&options))
        return false;
    // whoever initialized MPI before us also finalizes it
    return exit_record_start(st, options.finalize && !initialized) && init_finish(st);
}
