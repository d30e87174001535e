// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * A thread that an exception ended.
 *
 * Python prints the exception and goes on. In a rank whose other threads then wait for messages
 * that the dead thread would have sent, or received, nothing ever goes on, and no other rank can
 * know. So after such an exception a thread of ours looks, ten times a second, whether all threads
 * that keep the process alive (not daemons, not finished) stand in the same MPI calls as half a
 * second before. If so the rank ends with status 1, as after an exception in its main thread.
 *
 * An exception that ends the main thread is the same: Python prints it, and then waits for
 * the other threads before it ends the process. Of that wait the threading module tells those who
 * have registered; a thread does it for us at its first MPI call that can block. Where the main
 * thread has ended well, threads that wait in MPI are left in peace: they may be servers.
 *
 * The threading module takes its hook from _thread when it is imported: replacing it there costs
 * nothing where no threads are used. Who sets threading.excepthook to a function of his own keeps
 * that.
 */
#include "threads.h"

#include "call.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_EVERY = 100, STUCK_AFTER = 500 }; // milliseconds

// Whether a thread keeps the process alive: 1 or 0, -1 with an exception.
static int
thread_counts(PyObject *thread)
{
    PyObject *daemon = PyObject_GetAttrString(thread, "daemon");
    int is_daemon = daemon == NULL ? -1 : PyObject_IsTrue(daemon);
    Py_XDECREF(daemon);
    if (is_daemon != 0)
        return is_daemon < 0 ? -1 : 0;
    PyObject *alive = PyObject_CallMethod(thread, "is_alive", NULL);
    int is_alive = alive == NULL ? -1 : PyObject_IsTrue(alive);
    Py_XDECREF(alive);
    return is_alive;
}

// The number of the MPI call that a thread stands in: 0 for none.
static uint64_t
thread_call(struct state *st, PyObject *thread)
{
    PyObject *number = PyObject_GetAttrString(thread, "ident");
    unsigned long ident = number == NULL ? 0 : PyLong_AsUnsignedLong(number);
    Py_XDECREF(number);
    PyErr_Clear();
    for (struct call *call = st->calls; call != NULL; call = call->next)
        if (call->ident == ident)
            return call->number;
    return 0;
}

// The latest call that a living thread stands in: 0 when not all of them stand in one. A thread
// that leaves a call and enters another makes it larger.
static uint64_t
latest_call(struct state *st, PyObject *threads)
{
    uint64_t latest = 0;
    Py_ssize_t n = PyList_Size(threads);
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *thread = PyList_GetItem(threads, i);
        int counts = thread_counts(thread);
        uint64_t number = counts > 0 ? thread_call(st, thread) : 0;
        PyErr_Clear();
        if (counts < 0 || (counts > 0 && number == 0))
            return 0;
        if (number > latest)
            latest = number;
    }
    return latest;
}

static uint64_t
look(struct state *st)
{
    PyObject *threading = PyImport_ImportModule("threading");
    PyObject *threads =
        threading == NULL ? NULL : PyObject_CallMethod(threading, "enumerate", NULL);
    uint64_t latest = threads == NULL || !PyList_Check(threads) ? 0 : latest_call(st, threads);
    Py_XDECREF(threading);
    Py_XDECREF(threads);
    PyErr_Clear();
    return latest;
}

static void
flush(const char *name)
{
    PyObject *stream = PySys_GetObject(name);
    PyObject *done = stream == NULL ? NULL : PyObject_CallMethod(stream, "flush", NULL);
    Py_XDECREF(done);
    PyErr_Clear();
}

// The threads wait in MPI and cannot be woken: the process ends without them.
static void
end_rank(void)
{
    flush("stdout");
    flush("stderr");
    fflush(NULL);
    _exit(1);
}

// The body of the thread that looks.
static PyObject *
watch(PyObject *module, PyObject *unused)
{
    (void)unused;
    struct state *st = state_of_module(module);
    const struct timespec pause = {.tv_nsec = LOOK_EVERY * 1000000L};
    uint64_t before = 0;
    for (int stuck = 0; stuck < STUCK_AFTER / LOOK_EVERY;) {
        Py_BEGIN_ALLOW_THREADS nanosleep(&pause, NULL);
        Py_END_ALLOW_THREADS uint64_t now = look(st);
        stuck = now != 0 && now == before ? stuck + 1 : 0;
        before = now;
    }
    end_rank();
    Py_RETURN_NONE;
}

static PyMethodDef watch_def = {"_watch_threads", watch, METH_NOARGS, NULL};

static void
watch_start(struct state *st)
{
    PyObject *thread = PyImport_ImportModule("_thread");
    PyObject *body = st->module == NULL ? NULL : PyCFunction_New(&watch_def, st->module);
    PyObject *started = NULL;
    if (thread != NULL && body != NULL)
        started = PyObject_CallMethod(thread, "start_new_thread", "O()", body);
    st->watching = started != NULL;
    Py_XDECREF(started);
    Py_XDECREF(body);
    Py_XDECREF(thread);
    PyErr_Clear();
}

// What Python calls when an exception has ended a thread.
static PyObject *
thread_excepthook(PyObject *module, PyObject *args)
{
    struct state *st = state_of_module(module);
    PyObject *type = PyObject_GetAttrString(args, "exc_type");
    PyErr_Clear();
    bool leaves = type == PyExc_SystemExit; // a thread's way to end itself
    Py_XDECREF(type);
    if (!leaves && !st->watching)
        watch_start(st);
    return PyObject_CallFunctionObjArgs(st->thread_excepthook, args, NULL);
}

static PyMethodDef thread_excepthook_def = {"_thread_excepthook", thread_excepthook, METH_O, NULL};

// Replaces the hook of a module that is loaded, if it is still Python's own.
static bool
hook_replace(struct state *st, PyObject *module, const char *name, PyObject *ours)
{
    PyObject *hook = PyObject_GetAttrString(module, name);
    PyErr_Clear();
    bool own = hook != NULL && hook == st->thread_excepthook;
    Py_XDECREF(hook);
    return !own || PyObject_SetAttrString(module, name, ours) == 0;
}

// The end of the main thread

static bool
sys_has(const char *name)
{
    return PySys_GetObject(name) != NULL;
}

// Python keeps there what it has printed. A prompt (which has a ps1) goes on after an exception.
static bool
main_failed(void)
{
    return (sys_has("last_value") || sys_has("last_exc")) && !sys_has("ps1");
}

// What Python calls when the main thread has ended, before it waits for the others.
static PyObject *
main_ended(PyObject *module, PyObject *unused)
{
    (void)unused;
    struct state *st = state_of_module(module);
    if (main_failed() && !st->watching)
        watch_start(st);
    Py_RETURN_NONE;
}

static PyMethodDef main_ended_def = {"_main_ended", main_ended, METH_NOARGS, NULL};

static void
end_register(struct state *st, PyObject *threading)
{
    PyObject *ours = st->module == NULL ? NULL : PyCFunction_New(&main_ended_def, st->module);
    PyObject *done =
        ours == NULL ? NULL : PyObject_CallMethod(threading, "_register_atexit", "O", ours);
    bool late = ours != NULL && done == NULL && PyErr_ExceptionMatches(PyExc_RuntimeError);
    PyErr_Clear();
    if (late) // it has ended
        done = PyObject_CallNoArgs(ours);
    Py_XDECREF(done);
    Py_XDECREF(ours);
}

void
threads_watch_end(struct state *st)
{
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *name = PyUnicode_FromString("threading");
    PyObject *threading = name == NULL ? NULL : PyImport_GetModule(name);
    st->ends_watched = true;
    if (threading != NULL)
        end_register(st, threading);
    Py_XDECREF(threading);
    Py_XDECREF(name);
    PyErr_Restore(type, value, traceback);
}

bool
threads_watch(struct state *st)
{
    if (getpid() == gettid())
        st->main_ident = PyThread_get_thread_ident();
    PyObject *thread = PyImport_ImportModule("_thread");
    if (thread == NULL)
        return false;
    st->thread_excepthook = PyObject_GetAttrString(thread, "_excepthook");
    if (st->thread_excepthook == NULL) {
        PyErr_Clear(); // a Python without it goes on as it does
        Py_DECREF(thread);
        return true;
    }
    PyObject *ours = PyCFunction_New(&thread_excepthook_def, st->module);
    PyObject *name = PyUnicode_FromString("threading");
    PyObject *threading = name == NULL ? NULL : PyImport_GetModule(name);
    bool done = ours != NULL && name != NULL && hook_replace(st, thread, "_excepthook", ours) &&
                (threading == NULL || hook_replace(st, threading, "excepthook", ours));
    Py_XDECREF(threading);
    Py_XDECREF(name);
    Py_XDECREF(ours);
    Py_DECREF(thread);
    return done;
}
