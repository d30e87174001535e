// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "coll/form.h"

#include "info/info.h"

#include <sched.h>
#include <stdlib.h>

/* A call in the started or the persistent form: what its request holds. */
struct started {
    struct task task;
    struct request *request;
    struct call call;
    struct after after;
    uint64_t mark; // call_mark at the last step
    bool stepping; // in this or another thread; a user's function may run
    // Of a persistent one:
    struct coll *coll; // its own board; NULL in a communicator of one
    struct call plan;  // what each start begins from
    size_t size;       // of what it copies: known to the compiler, that would be `rep movs`, 30 ns
};

/* ---- blocking ---- */

int
form_run(struct comm *comm, coll_plan *plan, const void *args, bool posted)
{
    struct call call = {.root = -1, .posted = posted};
    int err = plan(&call, comm, args);
    if (likely(!err)) {
        if (comm->all->size == 1)
            return call_alone(&call);
        err = call_start(&call, comm, call.signature);
        if (likely(!err))
            return call_run(&call, coll_name((enum coll_kind)(call.signature & 0xff)));
    }
    call_drop(&call);
    return err;
}

int
form_call(MPI_Comm handle, coll_plan *plan, const void *args, const char *name)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(handle, &comm);
        if (likely(!err))
            err = form_run(comm, plan, args, false);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, name, err);
}

/* ---- under way ---- */

// The call is over: the request is done, and may be gone with `s`.
static void
end(struct started *s, int err)
{
    call_end(&s->call);
    if (s->after.then)
        err = s->after.then(s->after.data, err);
    request_done(s->request, err);
}

static inline enum step
step_once(struct started *s, bool first)
{
    s->stepping = true;
    enum step step = first ? call_step(&s->call) : call_step_whole(&s->call);
    s->stepping = false;
    return step;
}

static int
outcome(const struct started *s, enum step step)
{
    return step == STEP_DONE ? MPI_SUCCESS : s->call.error;
}

static bool
task_step(struct task *task)
{
    struct started *s = container_of(task, struct started, task);
    uint64_t before = s->mark;
    enum step step = step_once(s, false);
    if (step == STEP_WAIT)
        return (s->mark = call_mark(&s->call)) != before;
    task_stop(task);
    end(s, outcome(s, step));
    return true;
}

static bool
task_arm(struct task *task)
{
    struct started *s = container_of(task, struct started, task);
    if (!call_watch(&s->call))
        return false;
    if (unlikely(call_strayed(&s->call))) {
        task_stop(task);
        end(s, s->call.error);
    }
    return true;
}

// The first step; the rest is done by those who poll.
static void
begin(struct started *s)
{
    enum step step = step_once(s, true); // the start has looked whether the board is broken
    if (step != STEP_WAIT) {
        end(s, outcome(s, step));
        return;
    }
    s->mark = call_mark(&s->call);
    s->task = (struct task){.step = task_step, .arm = task_arm};
    task_start(&s->task);
}

static void
abandon(struct request *request)
{
    struct started *s = request->of;
    // Another thread is in a user's function, without the lock.
    while (s->stepping) {
        engine_give();
        sched_yield();
        engine_take();
    }
    if (request->done)
        return;
    task_stop(&s->task);
    call_give_up(&s->call, engine_failed());
    call_end(&s->call);
    if (s->after.then)
        s->after.then(s->after.data, s->call.error);
}

// Nobody can take back what others may have used already (MPI 5.0, 6.12).
static int
cancel(struct request *request)
{
    (void)request;
    return error_new(MPI_ERR_REQUEST, "a collective operation cannot be cancelled");
}

/* ---- started ---- */

static int
started_free(struct request *request)
{
    free(request->of);
    return MPI_SUCCESS;
}

static const struct request_class started_class = {
    .abandon = abandon, .cancel = cancel, .free = started_free};

static struct started *
started_new(const struct request_class *class, struct comm *comm)
{
    struct started *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->request = request_of_class(class, s, comm);
    if (s->request)
        return s;
    free(s);
    return NULL;
}

static int
no_memory(void)
{
    return error_new(MPI_ERR_NO_MEM, "no memory for a collective operation");
}

static int
start_planned(struct started *s, struct comm *comm)
{
    struct call *call = &s->call;
    if (comm->all->size == 1) {
        int err = call_alone(call);
        if (s->after.then)
            err = s->after.then(s->after.data, err);
        request_done(s->request, err);
        return MPI_SUCCESS;
    }
    call->held = true;
    int err = call_start(call, comm, signature_with(call->signature, FORM_STARTED));
    if (err)
        call_drop(call);
    else
        begin(s);
    return err;
}

int
form_begin(struct comm *comm, coll_plan *plan, const void *args, struct after after,
           MPI_Request *handle)
{
    struct started *s = started_new(&started_class, comm);
    if (!s)
        return no_memory();
    s->call.root = -1;
    s->after = after;
    struct request *request = s->request;
    int err = plan(&s->call, comm, args);
    if (!err)
        err = call_keep_arrays(&s->call);
    if (err)
        call_drop(&s->call);
    else
        err = start_planned(s, comm);
    if (err)
        request_free(request);
    else
        *handle = request_handle(request);
    return err;
}

int
form_start(MPI_Comm handle, coll_plan *plan, const void *args, MPI_Request *request,
           const char *name)
{
    struct comm *comm;
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(handle, &comm);
        if (likely(!err) && likely(!(err = check_pointer(request, "request"))))
            err = form_begin(comm, plan, args, (struct after){0}, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, name, err);
}

/* ---- persistent ---- */

static int
persistent_start(struct request *request)
{
    struct started *s = request->of;
    memcpy(&s->call, &s->plan, s->size);
    if (!s->coll) {
        request_done(request, call_alone(&s->call));
        return MPI_SUCCESS;
    }
    int err = call_start_on(&s->call, request->comm, s->coll,
                            signature_with(s->plan.signature, FORM_PERSISTENT));
    if (!err)
        begin(s);
    return err;
}

static int
persistent_free(struct request *request)
{
    struct started *s = request->of;
    s->plan.kept = false;
    s->plan.held = true;
    call_release(&s->plan);
    if (s->coll)
        coll_close(s->coll);
    return started_free(request);
}

static const struct request_class persistent_class = {
    .start = persistent_start, .abandon = abandon, .cancel = cancel, .free = persistent_free};

static int
init_planned(struct started *s, struct comm *comm)
{
    int err = comm->all->size == 1 ? MPI_SUCCESS : coll_open(comm, FORM_PERSISTENT, &s->coll);
    s->size = offsetof(struct call, comm);
    s->plan.comm = comm;
    s->plan.coll = s->coll;
    if (s->coll && s->plan.algorithm == RUN_EXCHANGE)
        exchange_plan(&s->plan);
    call_hold(&s->plan);
    s->plan.held = false; // each start need not hold it again
    s->plan.kept = true;
    s->call = s->plan;
    s->request->persistent = s->request->done = true;
    return err;
}

static int
init(struct comm *comm, coll_plan *plan, const void *args, MPI_Request *handle)
{
    struct started *s = started_new(&persistent_class, comm);
    if (!s)
        return no_memory();
    struct request *request = s->request;
    s->plan.root = -1;
    int err = plan(&s->plan, comm, args);
    if (!err)
        err = call_keep_arrays(&s->plan);
    if (err) {
        call_drop(&s->plan);
        request->class = &started_class; // nothing is held yet
    } else {
        err = init_planned(s, comm);
    }
    if (err)
        request_free(request);
    else
        *handle = request_handle(request);
    return err;
}

int
form_init(MPI_Comm handle, coll_plan *plan, const void *args, MPI_Info info_handle,
          MPI_Request *request, const char *name)
{
    struct comm *comm;
    struct info *info;
    int err = engine_enter();
    if (likely(!err)) {
        err = comm_find(handle, &comm);
        if (!err && !(err = check_pointer(request, "request")) && info_handle != MPI_INFO_NULL)
            err = info_find(info_handle, &info);
        if (!err)
            err = init(comm, plan, args, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : raise_on(handle, name, err);
}
