// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * From a code to the user: only the MPI_ entries come here, without the engine's lock, as their
 * last step:
 *
 *     int
 *     PMPI_Comm_size(MPI_Comm comm, int *size)
 *     {
 *         int err = engine_enter();
 *         if (likely(!err)) {
 *             err = comm_size(comm, size);
 *             engine_leave();
 *         }
 *         return likely(!err) ? MPI_SUCCESS : raise_on(comm, "MPI_Comm_size", err);
 *     }
 *     weak_alias(PMPI_Comm_size, MPI_Comm_size);
 */
#ifndef MUSTER_ERRH_RAISE_H
#define MUSTER_ERRH_RAISE_H

#include "core/object.h"

/*
 * Put `function` before the text of `code` and call the error handler of the communicator that
 * `comm` names; when it names none, as world_raise. Returns the code, if the handler returns.
 *
 * A fatal handler prints one line, "muster: rank 2: <text>", and ends the job; the exit code of the
 * process is the error class (6 for MPI_ERR_RANK), 1 for a class above 125. It prints nothing for
 * MPI_ERR_PROC_ABORTED: whoever failed has been named by another.
 */
int raise_on(MPI_Comm comm, const char *function, int code) cold;

/* For calls without a communicator: the error handler of MPI_COMM_SELF (MPI 5.0, 9.3). While a
 * program has set none there it is that of MPI_COMM_WORLD, which had this part before MPI 4.0:
 * whoever asks for MPI_ERRORS_RETURN there alone wants these errors returned as well. Before
 * MPI_Init, the initial one. */
int world_raise(const char *function, int code) cold;

/* The same for calls on a session, and for calls on a group that comes from one. Where there is no
 * session, as world_raise. */
int session_raise(MPI_Session session, const char *function, int code) cold;
int group_raise(MPI_Group group, const char *function, int code) cold;

/* For calls that make an object with this handler and have none yet. */
int errhandler_raise(MPI_Errhandler errhandler, const char *function, int code) cold;

/* For calls on a window. Where there is none, as world_raise. */
int win_raise(MPI_Win win, const char *function, int code) cold;

/* As comm_call_errhandler. */
void win_call_errhandler(struct win *win, int code);
void session_call_errhandler(struct session *session, int code);

/* Call the error handler of a communicator. Under the lock, which is given away during the call;
 * communicator and handler are held meanwhile, so that the handler may free both. */
void comm_call_errhandler(struct comm *comm, int code);

/* Call a handler whose owner's handle is at `owner`. Returns, if the handler does, the code as a
 * user's handler has left it. */
int errhandler_call(struct errhandler *errhandler, void *owner, int code);

/* The handler that MPI_COMM_WORLD and MPI_COMM_SELF begin with: mpiexec's -initial-errhandler (the
 * environment's MUSTER_ERRHANDLER), else MPI_ERRORS_ARE_FATAL. */
struct errhandler *errhandler_initial(void);

/* A user's handler of a kind; `function_name` is the argument's. */
int errhandler_create(enum errh_kind kind, void (*function)(void), const char *function_name,
                      MPI_Errhandler *handle);

/* MPI_ERR_ERRHANDLER when it is one for another kind of object. */
int errhandler_check(const struct errhandler *errhandler, enum errh_kind kind);

/* A handle for the user: one more that MPI_Errhandler_free must be called for. */
MPI_Errhandler errhandler_give(struct errhandler *errhandler);

static inline void
errhandler_hold(struct errhandler *errhandler)
{
    errhandler->refs++;
}
void errhandler_release(struct errhandler *errhandler);

/* For calls on a file; on one that there is not: the error handler that files begin with (14.7).
 * Returns the code as the handler has left it: programs set it to MPI_SUCCESS there. */
int file_raise(MPI_File file, const char *function, int code) cold;

/* As comm_call_errhandler; returns as errhandler_call. */
int file_call_errhandler(struct file *file, int code);

/* What files begin with. */
struct errhandler *errhandler_of_files(void);

/* The text of any code, a user's included, as error_text. */
bool code_text(int code, char *text, size_t n);

/* The last error code or class that is in use: MPI_LASTUSEDCODE. Under the lock. */
int code_last_used(void);

/* The class of any code, a user's included; MPI_ERR_UNKNOWN for no code. */
int code_class(int code);

#endif
