// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * What launcher and ranks agree on, beside the segment.
 *
 * Environment. MUSTER_JOB holds six numbers: "version:job:rank:size:fd:inode", job in hexadecimal,
 * the others decimal. `fd` is an inherited descriptor of the segment's memfd and `inode` what fstat
 * must say of it. MUSTER_PART is "part:ranks": the number of the part of the command line,
 * between ":", that a rank was started by, from 0, and how many ranks it has. A job of one part has
 * none.
 *
 * MUSTER_PARENT is there in spawned processes: "job:rank:port" of who spawned them, the first and
 * the last in hexadecimal: where their rank 0 reports that they are up.
 *
 * Socket. When the descriptor did not survive (a wrapper closed it), a rank connects to the
 * launcher's abstract unix socket (SOCK_SEQPACKET, name "\0muster-<job in hexadecimal>"), which
 * checks the peer's user id, and sends one struct wire_request. The answer is one struct
 * wire_reply; with WIRE_GRANTED the segment's descriptor comes along (SCM_RIGHTS).
 */
#ifndef MUSTER_BOOT_WIRE_H
#define MUSTER_BOOT_WIRE_H

#include "base/base.h"

#define WIRE_VERSION     2
#define WIRE_ENVIRONMENT "MUSTER_JOB"
#define WIRE_PART        "MUSTER_PART"    // see above
#define WIRE_PARENT      "MUSTER_PARENT"  // see below
#define WIRE_LAUNCH      "MUSTER_LAUNCH"  // of a launcher: the descriptor of its plan (launch.h)
#define WIRE_SOCKET_NAME "muster-%016llx" // after the leading NUL byte
#define WIRE_NAME_SOCKET "muster-%u-name-%016llx%016llx" // user id, hash of the service

#define WIRE_NAME_MAX 512  // of a service's name, with its zero
#define WIRE_PORT_MAX 1024 // of a port's

enum wire_kind {
    WIRE_SEGMENT = 1, // rank -> launcher: send me the segment's descriptor
    WIRE_VISIT,       // process of another job -> launcher: the same
    WIRE_FAMILY,    // launcher of a spawned job -> that of the job that spawned it: stay connected
    WIRE_PUBLISH,   // rank -> launcher: answer for this name
    WIRE_UNPUBLISH, // rank -> launcher: do not any more
    WIRE_LOOKUP,    // process -> launcher, on the socket of a name: which port is it?
};

enum wire_answer {
    WIRE_GRANTED = 1, // the descriptor is attached
    WIRE_CLAIMED = 2, // a process has joined under this rank: the asker is a child of it
    WIRE_REFUSED = 3, // wrong job, rank or version
    WIRE_TAKEN = 4,   // somebody publishes that name already
    WIRE_UNKNOWN = 5, // there is no such name
};

struct wire_request {
    uint32_t version;
    uint32_t kind;
    uint64_t job;
    int32_t rank;
    int32_t pid;
    char name[WIRE_NAME_MAX]; // of a service
    char port[WIRE_PORT_MAX];
};

struct wire_reply {
    uint32_t version;
    uint32_t answer;
    char port[WIRE_PORT_MAX];
};

/* What the launchers of a family tell each other. */
enum family_kind {
    FAMILY_FAILED = 1, // a process has failed; `code` is the exit code that this makes
    FAMILY_TOLD,       // the job is to end by signal `code`
    FAMILY_DONE,       // the spawned job has ended, with `code`
};

struct family_note {
    uint32_t kind;
    int32_t code;
};

#endif
