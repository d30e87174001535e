// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The objects behind the handles, as every chapter sees them, and the look-ups. An object's chapter
 * creates and frees it; the others hold and read. All is guarded by the engine's lock. */
#ifndef MUSTER_CORE_OBJECT_H
#define MUSTER_CORE_OBJECT_H

#include "core/api.h"
#include "core/handle.h"
#include "core/peer.h"

/* ---- groups (src/group) ---- */

struct group {
    struct object object;
    int refs;
    int handles; // how often the user has been given its handle; freed as often, it is invalid
    int size;
    int rank;                // of this process, or MPI_UNDEFINED
    struct peer **peers;     // [size], owned; the peers themselves belong to the engine
    struct session *session; // whose error handler hears of its errors; NULL: nobody's
};

/* ---- error handlers (src/errh) ---- */

enum errh_kind {
    ERRH_FATAL,
    ERRH_ABORT,
    ERRH_RETURN,
    ERRH_COMM,
    ERRH_WIN,
    ERRH_FILE,
    ERRH_SESSION
};

struct errhandler {
    struct object object;
    int refs;
    int handles; // as a group's
    enum errh_kind kind;
    void (*function)(void); // the user's, cast back by kind
};

/* ---- sessions (src/session) ---- */

struct bsend_buffer; // for MPI_Bsend (p2p/bsend.h)

struct session {
    struct object object;
    int refs;           // the handle, and each group that comes from it
    MPI_Session handle; // MPI_SESSION_NULL once it is finalized
    struct errhandler *errhandler;
    int thread_level;
    struct bsend_buffer *buffer; // attached to it, or NULL
};

/* ---- communicators (src/comm) ---- */

struct attribute; // of communicators, datatypes and windows (src/attr)
struct coll;      // what the collectives keep for a communicator (src/coll)
struct topology;  // below

struct comm {
    struct object object;
    int refs;   // the handle and each operation under way
    bool freed; // the user's handle is gone
    bool first; // of an intercommunicator: its group comes first in `all`
    int rank;   // of this process in the group
    int size;   // of the group
    // Whom ranks in messages name: the members of the group, of an intercommunicator those of the
    // remote group.
    int npeers;
    struct peer **peers;
    uint64_t context; // of point-to-point messages; context + 1: of internal ones
    struct group *group;
    struct group *remote; // of an intercommunicator, else NULL
    struct group *all;    // both groups, in the same order on both sides; else == group
    MPI_Comm handle;
    struct errhandler *errhandler;
    bool errhandler_set;         // by the user
    struct coll *coll;           // of blocking calls; NULL before the first
    struct coll *started;        // of started ones
    uint32_t boards;             // opened for persistent ones, the same number in all members
    struct topology *topology;   // or NULL
    struct bsend_buffer *buffer; // attached to it, or NULL
    char name[MPI_MAX_OBJECT_NAME];
    struct attribute *attributes; // the newest first, or NULL
    uint16_t hints;               // what the user asserts (src/comm/hints.c)
    struct file *file;            // of a file's own communicator: who hears of its errors
    bool mixed;                   // it has processes of other jobs (core/jobs.h)
};

/* ---- topologies (src/topo) ---- */

/*
 * Edges of this process on one side, in the order of the standard. Owned by the topology.
 *
 * What a source gives to its outgoing edge e arrives at the one incoming edge of the destination
 * that names the source and has lane e. In a grid that is the edge of the opposite direction (8.6),
 * also where a periodic dimension has one or two processes and both edges lead to the same one. In
 * graphs the k-th edge to a process is the k-th from here among that process's.
 */
struct edges {
    int n;
    int *ranks;   // in the communicator; MPI_PROC_NULL beyond the border of a grid
    int *weights; // NULL: there are none
    /* Of incoming edges only: which of the source's own outgoing edges the edge is. -1 where there
     * is none: beyond a border, and in a graph whose source does not name this process as often as
     * this one names it. Nothing comes on such an edge. */
    int *lanes;
};

enum topology_kind { TOPOLOGY_CART, TOPOLOGY_GRAPH, TOPOLOGY_DIST_GRAPH };

struct topology {
    int refs;
    enum topology_kind kind;
    struct edges in, out;

    int ndims; // of a grid; one block of memory holds the three arrays, `dims` its start
    int *dims, *periods, *coords;

    int nnodes; // of a graph, as MPI_Graph_create was told it
    int *index, *neighbors;
};

/* ---- datatypes (src/type) ---- */

struct type_info;     // core/layout.h
struct type_contents; // type/type.h

/* A datatype. `size` bytes of data lie in [true_lb, true_lb + true_extent); the next element is
 * `extent` further. contiguous: the data of any count is one block without holes. */
struct type {
    struct object object;
    int refs;
    int handles; // as a group's
    bool predefined;
    bool committed;
    bool contiguous;
    uint8_t basic; // enum basic of a predefined type's arithmetic (op/basic.h), else 0
    MPI_Count size;
    MPI_Count lb, extent;
    MPI_Count true_lb, true_extent;
    struct type_info *info;         // pieces of a type with holes, once committed; held. NULL when
                                    // contiguous
    const char *label;              // the predefined name, "MPI_INT", or "a derived datatype"
    char *name;                     // set by MPI_Type_set_name, or NULL
    struct type_contents *contents; // how it was made; NULL: predefined
    MPI_Datatype handle;
    struct attribute *attributes; // as a communicator's
    const struct type *uniform;   // the predefined type that all its elements are, or NULL
    MPI_Count elements;           // basic elements in one
    uint8_t alignment;            // of the strictest of them
    bool marked;                  // its bounds were set, and count in what is made of it
    bool compiled;                // info and contiguous are right
};

/* ---- files (src/io) ---- */

struct io; // what src/io keeps of one

struct file {
    struct object object;
    int refs; // the handle, and each operation under way
    MPI_File handle;
    struct errhandler *errhandler;
    struct comm *comm; // its own, whose errors are the file's
    struct io *io;
};

/* ---- reduction operations (src/op) ---- */

struct op {
    struct object object;
    int refs;
    bool predefined;
    bool commutative;
    bool large;             // the user's function takes MPI_Count
    uint8_t code;           // predefined: low bits of its handle
    void (*function)(void); // the user's
    const char *label;      // "MPI_SUM", or "a user operation"
    MPI_Op handle;
};

/* ---- windows (src/rma) ---- */

struct win_board;  // what its members share
struct win_target; // what this process knows of a member

struct win {
    struct object object;
    int refs;                   // the handle, and each call that may give the lock away
    uint8_t access;             // enum win_access: the epoch of this process as an origin
    bool open;                  // and in it every target may be accessed
    bool exposed;               // MPI_Win_post, and not yet waited for
    bool stored;                // something was put since the last fence of the processor
    bool freeing;               // a delete function of its attributes, or the last barrier, runs
    uint8_t ordering;           // of accumulates, as the user wants it to be told (src/rma/hints.c)
    uint8_t hints;              // the same
    struct group *group;        // held
    struct win_target *targets; // [group->size], owned
    struct win_board *board;
    uint64_t barriers;  // that this process has reached
    uint64_t completes; // that it has waited for, of all its exposure epochs
    uint32_t locked;    // targets
    uint32_t flushes;   // so far
    int nstarted;       // targets of MPI_Win_start
    int *started;       // owned, or NULL

    uint64_t board_at, memory_at;    // blocks of the segment that are this process's, or 0
    void *plain;                     // owned memory of a window without a segment, or NULL
    uint32_t nattached;              // of a dynamic one
    uint64_t alignment, granularity; // hints; 0: not given

    // What its predefined attributes tell.
    void *base;
    MPI_Aint size;
    int disp_unit, flavor, model;

    MPI_Win handle;
    struct errhandler *errhandler;
    struct attribute *attributes; // as a communicator's
    char name[MPI_MAX_OBJECT_NAME];
};

/* References. The last release of a communicator ends it; predefined objects never end. */
static inline void
comm_hold(struct comm *comm)
{
    comm->refs++;
}
void comm_end(struct comm *comm);
static inline void
comm_release(struct comm *comm)
{
    if (--comm->refs == 0)
        comm_end(comm);
}

static inline void
file_hold(struct file *file)
{
    file->refs++;
}
void file_end(struct file *file);
static inline void
file_release(struct file *file)
{
    if (--file->refs == 0)
        file_end(file);
}

static inline void
win_hold(struct win *win)
{
    win->refs++;
}
void win_end(struct win *win);
static inline void
win_release(struct win *win)
{
    if (--win->refs == 0)
        win_end(win);
}

static inline void
session_hold(struct session *session)
{
    session->refs++;
}
void session_end(struct session *session);
static inline void
session_release(struct session *session)
{
    if (--session->refs == 0)
        session_end(session);
}

static inline void
type_hold(struct type *type)
{
    type->refs++;
}
void type_end(struct type *type);
static inline void
type_release(struct type *type)
{
    if (--type->refs == 0)
        type_end(type);
}

/* A group of `size` members whose peers the caller fills in, with one reference, or NULL. */
struct group *group_new(int size);

/* A communicator of a group (whose reference it takes over), with one reference and a handle, or
 * NULL when memory is out. */
struct comm *comm_new(struct group *group, uint64_t context);

static inline bool
comm_is_inter(const struct comm *comm)
{
    return comm->remote != NULL;
}

struct comm *comm_special(MPI_Comm handle);     // WORLD and SELF, or NULL
struct type *type_special(MPI_Datatype handle); // predefined, or NULL
struct op *op_special(MPI_Op handle);
struct group *group_special(MPI_Group handle);
struct errhandler *errhandler_special(MPI_Errhandler handle);

/* The live object of a handle, or NULL for anything else (null handles included). */
static inline struct comm *
comm_get(MPI_Comm handle)
{
    if (likely((uintptr_t)handle < 4096))
        return comm_special(handle);
    return (struct comm *)handle_get(HANDLE_COMM, handle);
}

static inline struct type *
type_get(MPI_Datatype handle)
{
    if (likely((uintptr_t)handle < 4096))
        return type_special(handle);
    return (struct type *)handle_get(HANDLE_TYPE, handle);
}

static inline struct op *
op_get(MPI_Op handle)
{
    if (likely((uintptr_t)handle < 4096))
        return op_special(handle);
    return (struct op *)handle_get(HANDLE_OP, handle);
}

static inline struct group *
group_get(MPI_Group handle)
{
    if ((uintptr_t)handle < 4096)
        return group_special(handle);
    return (struct group *)handle_get(HANDLE_GROUP, handle);
}

static inline struct file *
file_get(MPI_File handle)
{
    return (struct file *)handle_get(HANDLE_FILE, handle);
}

static inline struct win *
win_get(MPI_Win handle)
{
    return (struct win *)handle_get(HANDLE_WIN, handle);
}

static inline struct session *
session_get(MPI_Session handle)
{
    return (struct session *)handle_get(HANDLE_SESSION, handle);
}

static inline struct errhandler *
errhandler_get(MPI_Errhandler handle)
{
    if ((uintptr_t)handle < 4096)
        return errhandler_special(handle);
    return (struct errhandler *)handle_get(HANDLE_ERRHANDLER, handle);
}

#endif
