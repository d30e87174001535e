// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The three forms of a collective: blocking, started (MPI_Ix) and persistent (MPI_X_init).
 *
 * A collective has one plan, which checks its arguments and fills in a call; the forms run it. The
 * plan finds a call that is zero but for `root` (-1) and `posted`, and sets its signature (without
 * form) and what stands under "What to do" in call.h. What it allocates (displs, types) belongs to
 * the call, also when it returns an error. `args` is read by the plan alone; of what the arguments
 * point to, counts and displacements are copied when the function returns before the operation is
 * over (programs free them: MPI_Gatherv_init says nothing of them).
 */
#ifndef MUSTER_COLL_FORM_H
#define MUSTER_COLL_FORM_H

#include "coll/call.h"

/* The arguments of those that copy. */
struct transfer {
    struct given send, recv;
    int root; // of those that have one
};

typedef int coll_plan(struct call *call, struct comm *comm, const void *args);

/* The blocking form, under the lock. `posted`: it began the short way (quick.h). */
int form_run(struct comm *comm, coll_plan *plan, const void *args, bool posted);

/* All of a function of the blocking form: `name` is the function's. */
int form_call(MPI_Comm comm, coll_plan *plan, const void *args, const char *name);

/* All of a function of the started form. */
int form_start(MPI_Comm comm, coll_plan *plan, const void *args, MPI_Request *request,
               const char *name);

/* All of a function of the persistent form. */
int form_init(MPI_Comm comm, coll_plan *plan, const void *args, MPI_Info info, MPI_Request *request,
              const char *name);

/* ---- for what the engine itself starts ---- */

/* Begin a call in the started form, under the lock. `then` (or NULL) is called once with `data` and
 * the call's error when it is over, before the request is done, and returns the request's error. It
 * is not called when this function returns an error. */
struct after {
    int (*then)(void *data, int err);
    void *data;
};
int form_begin(struct comm *comm, coll_plan *plan, const void *args, struct after after,
               MPI_Request *request);

#endif
