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
 * Socket. When the descriptor did not survive (a wrapper closed it), a rank connects to the
 * launcher's abstract unix socket (SOCK_SEQPACKET, name "\0muster-<job in hexadecimal>"), which
 * checks the peer's user id, and sends one struct wire_request. The answer is one struct
 * wire_reply; with WIRE_GRANTED the segment's descriptor comes along (SCM_RIGHTS).
 */
#ifndef MUSTER_BOOT_WIRE_H
#define MUSTER_BOOT_WIRE_H

#include "base/base.h"

#define WIRE_VERSION     1
#define WIRE_ENVIRONMENT "MUSTER_JOB"
#define WIRE_PART        "MUSTER_PART"    // see above
#define WIRE_SOCKET_NAME "muster-%016llx" // after the leading NUL byte

enum wire_kind {
    WIRE_SEGMENT = 1, // rank -> launcher: send me the segment's descriptor
};

enum wire_answer {
    WIRE_GRANTED = 1, // the descriptor is attached
    WIRE_CLAIMED = 2, // a process has joined under this rank: the asker is a child of it
    WIRE_REFUSED = 3, // wrong job, rank or version
};

struct wire_request {
    uint32_t version;
    uint32_t kind;
    uint64_t job;
    int32_t rank;
    int32_t pid;
};

struct wire_reply {
    uint32_t version;
    uint32_t answer;
};

#endif
