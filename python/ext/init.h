// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_INIT_H
#define MUSTER_EXT_INIT_H

#include "module.h"

/* mpi4py.rc.errors */
enum errors_policy { ERRORS_DEFAULT, ERRORS_EXCEPTION, ERRORS_ABORT, ERRORS_FATAL };

/* Whether MPI is initialized and not finalized: its functions may be called. */
bool mpi_is_active(void);

/* What import does: reads mpi4py.rc, initializes MPI if that says so, sets the error handlers,
   and sees to the end of the process. False with an exception. */
bool init_at_import(struct state *st);

/* After MPI was initialized by the user: error handlers, thread level. */
bool init_finish(struct state *st);

/* mpi4py.run: the status to abort with at exit. */
void init_set_abort_status(struct state *st, int status);

#endif
