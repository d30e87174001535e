// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Files (MPI 5.0, chapter 14), on a local file system.
 *
 * Every member of a file's communicator has a descriptor of its own. What they share is a block in
 * the segment (struct shared_file) with the shared file pointer. The kernel
 * keeps what they write coherent; no message is needed for it.
 *
 *   open.c      opening, closing; what members agree on
 *   view.c      views; datarep.c: representations of data
 *   access.c    arguments of an access, and where it begins; data.c: the functions
 *   move.c      one member's access; merge.c: one of all members together
 *   system.c    system calls, whole
 *
 * Places. A view is a stream of bytes: the data of its file type, element after element, from its
 * displacement on. An offset of the user's counts etypes of it; inside everything counts bytes of
 * the file (`pos`, `bytes`). With another representation than the native one data has another size
 * there.
 *
 * Locks. What only this process knows is under the engine's lock. No system call on a file and no
 * conversion runs under it: an access holds what it uses.
 */
#ifndef MUSTER_IO_IO_H
#define MUSTER_IO_IO_H

#include "coll/agree.h"
#include "core/check.h"
#include "core/cursor.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "type/type.h"

#include <pthread.h>

/* In the segment, or of a process alone in its own memory. */
struct shared_file {
    _Atomic int64_t pointer; // the shared file pointer, in etypes; any member
};

struct datarep {
    char name[MPI_MAX_DATAREP_STRING];
    bool external; // external32
    bool large;    // its functions are those of the _c form
    MPI_Datarep_conversion_function_c *read, *write;
    MPI_Datarep_extent_function *extent;
    void *extra;
    struct datarep *next;
};

/* Never changes; operations under way hold the one that they began with. */
struct view {
    int refs;
    MPI_Offset disp;
    struct type *etype, *filetype; // the user's; held
    struct type *tile;             // the file type as it is in the file; held
    uint64_t unit;                 // bytes of an etype in the file
    const struct datarep *rep;     // NULL: native
    char name[MPI_MAX_DATAREP_STRING];
};

/* What an access will have done: of a split one, until its end. */
struct result {
    uint64_t bytes; // of the user's data
    int err;
};

struct way; // below

struct hints {
    char access_style[64], file_perm[16];
    bool off;   // collective_buffering is "false"
    bool merge; // no member lacks what it takes
};

struct io {
    int fd, amode;
    bool seekable;
    bool atomic;
    bool regular;
    char *path; // from the root
    struct view *view;
    MPI_Offset pointer; // the individual one, in etypes
    struct shared_file *shared;
    uint64_t shared_at; // in the segment; 0: `shared` is of this process alone
    uint64_t room;      // for merging, in the segment; 0: none yet
    struct hints hints;
    char *bounce;             // memory that an access may take; NULL: taken, or none yet
    pthread_mutex_t one;      // of this process's threads in atomic mode
    const struct way *split;  // of the split collective under way, or NULL
    const void *split_buffer; // its buffer
    struct result result;     // and result
};

/* ---- calls ---- */

/* What a call is, for what a file allows it. */
enum {
    FILE_COLLECTIVE = 1, // not while a split collective is under way
    FILE_AT_OFFSET = 2,  // not in a sequential file
    FILE_READS = 4,
    FILE_WRITES = 8,
};

/* Begin a call on a file: MPI_SUCCESS with the lock taken and the file held, or a code. */
int file_enter(MPI_File handle, struct file **file, int flags);
void file_leave(struct file *file);

/* The same of a file that is looked up under the lock. */
int file_allows(const struct io *io, int flags);

/* Keep the hints that are known; MPI_INFO_NULL has none. */
int hints_take(struct io *io, MPI_Info info);

/* ---- errors ---- */

/* The class that a system call's errno is, and its code: "what path: text". */
int system_error(int number, const char *what, const char *path);

/* All members learn whether one has failed: MPI_SUCCESS, its own code, or one that quotes the first
 * rank that failed. Under the lock. */
int io_agree(struct comm *comm, enum coll_kind kind, int err);

/* All know that `leader` has failed, with this class: it tells them why. */
int io_tell(struct comm *comm, enum coll_kind kind, int leader, int errclass, int err);

/* ---- system calls (system.c): whole, without the lock ---- */

/* Bytes [at, at + n): a code, or all is written. */
int system_write(const struct io *io, const void *from, uint64_t n, MPI_Offset at);

/* *got < n: the file ends there. */
int system_read(const struct io *io, void *to, uint64_t n, MPI_Offset at, uint64_t *got);

/* The size of the file. */
int system_size(const struct io *io, MPI_Offset *size);

/* Change it; or have the system provide for it. */
int system_resize(const struct io *io, MPI_Offset size);
int system_preallocate(const struct io *io, MPI_Offset size);

int system_sync(const struct io *io);

/* Lock bytes [at, end) against other processes (atomic mode), and unlock them. */
int system_lock(const struct io *io, bool write, MPI_Offset at, MPI_Offset end);
void system_unlock(const struct io *io, MPI_Offset at, MPI_Offset end);

/* ---- views ---- */

struct view *view_new(void);
void view_release(struct view *view);

static inline struct view *
view_hold(struct view *view)
{
    view->refs++;
    return view;
}

/* Where byte `pos` of the view lies in the file; at its end, where the byte after the last one
 * would. */
MPI_Offset view_offset(const struct view *view, uint64_t pos);

/* Do `bytes` from offset `at` on lie where a file can have any? MPI_ERR_ARG if not. */
int view_reaches(const struct view *view, MPI_Offset at, uint64_t bytes);

/* Offset in etypes of the end of a file of `size` bytes: the first etype that is not all in it. */
MPI_Offset view_end(const struct view *view, MPI_Offset size);

/* ---- representations ---- */

/* The one of a name; NULL is native. MPI_ERR_UNSUPPORTED_DATAREP if there is none. */
int datarep_find(const char *name, const struct datarep **rep);

/* A datatype as it is in the file, held; native: itself. Under the lock, which is given away for a
 * user's function. */
int datarep_type(const struct datarep *rep, struct type *type, struct type **in_file);

/* ---- accesses ---- */

enum place { PLACE_GIVEN, PLACE_OWN, PLACE_SHARED };

struct access {
    struct io *io;
    struct view *view; // held
    bool write;
    void *buf;
    MPI_Count count;
    struct type *type;    // held
    struct type *in_file; // `type` there; held
    uint64_t pos, bytes;
    uint64_t moved; // of `bytes`, from the first on
    char *bounce;
};

/* What a function does. */
struct way {
    const char *name;
    enum place place;
    bool write;
    enum coll_kind kind; // of what all members do together, else 0
    bool collective;
    bool ordered;
};

struct asked {
    void *buf;
    MPI_Count count;
    MPI_Datatype type;
    MPI_Offset offset; // PLACE_GIVEN
};

/* All of a function: blocking, started, the two halves of a split one. */
int access_run(MPI_File fh, const struct way *form, struct asked given, MPI_Status *status);
int access_start(MPI_File fh, const struct way *form, struct asked given, MPI_Request *request);
int access_begin(MPI_File fh, const struct way *form, struct asked given);
int access_end(MPI_File fh, const struct way *form, const void *buf, const char *name,
               MPI_Status *status);

/* Memory of the bounce buffer: data that does not lie together, and blocks of the file of which not
 * all is wanted. */
#define BOUNCE_DATA (256u << 10)
#define BOUNCE_FILE (512u << 10)

/* Do it, without the lock. */
int access_move(struct access *a);

/* Bytes of the user's data that were moved. */
uint64_t access_bytes(const struct access *a);

/* Bytes [at, at + n) of the access's own stream, from or to memory that lies together; reading ends
 * early at the end of the file. */
int stream_write(struct access *a, uint64_t at, const char *from, uint64_t n);
int stream_read(struct access *a, uint64_t at, char *to, uint64_t n, uint64_t *got);

/* Convert what is moved: access_move with a representation. */
int datarep_move(struct access *a);

/* What the members tell each other of a collective access, and whether it is to be merged. */
struct meeting {
    int64_t first, end; // of the file, that the member touches
    uint64_t bytes;
    uint32_t piece; // bytes that lie together, on average
    int32_t errclass;
    uint64_t units; // ordered: how many etypes
    uint64_t off;   // it does not want to merge
};

bool merge_pays(const struct io *io, const struct meeting *all, int n);

/* Do a collective access together; under the lock, which is given away. */
int merge_move(struct access *a, struct comm *comm, enum coll_kind kind, const struct meeting *all);

#endif
