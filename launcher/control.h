// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* What front and keeper say to each other, over a pair of SOCK_SEQPACKET sockets. */
#ifndef MUSTER_LAUNCHER_CONTROL_H
#define MUSTER_LAUNCHER_CONTROL_H

#include "base/base.h"

enum note_kind {
    // Front to keeper.
    NOTE_SIGNAL = 1, // signal `value` has arrived
    NOTE_UNSTOPPED,  // the front was to stop and could not: nobody would continue it
    // Keeper to front.
    NOTE_STREAMS, // the `value` descriptors that come along are outputs of ranks to be read
    NOTE_STOP,    // stop like a process that got signal `value` from its terminal
    NOTE_RESIZED, // the terminal has another size, and has told only a rank
    NOTE_DONE,    // all has ended: exit with `value`, after printing `text` if there is any
};

#define NOTE_STREAMS_MOST 64

struct stream_id {
    int32_t rank;
    int32_t output; // 0 or 1: standard output, standard error
};

struct note {
    uint32_t kind;
    int32_t value;
    union {
        char text[512];
        struct stream_id streams[NOTE_STREAMS_MOST];
    };
};

/* Send a note; with NOTE_STREAMS go note->value descriptors. False if the other side is gone. */
bool note_send(int control, const struct note *note, const int *fds);

/* Receive a note, and up to NOTE_STREAMS_MOST descriptors. 1: there is one; 0: the other side is
 * gone; -1: none has come yet. */
int note_receive(int control, struct note *note, int *fds);

#endif
