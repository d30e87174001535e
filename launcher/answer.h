// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The launcher's side of the abstract socket in boot/wire.h. */
#ifndef MUSTER_LAUNCHER_ANSWER_H
#define MUSTER_LAUNCHER_ANSWER_H

#include "names.h"
#include "shm/segment.h"

struct sockaddr_un;

/* A listening socket for the job, or -1: then a rank that lost its descriptor gets an error. */
int answer_listen(uint64_t job);
int answer_listen_at(const struct sockaddr_un *address, unsigned length);

/* Accept one connection of the same user; -1 if there is none. */
int answer_accept(int listener);

/* What is answered from. */
struct answers {
    struct segment_view *view;
    struct published *names;
    int listener; // of the name that the last request published, or -1
};

/* Read the request on a connection and answer it; what is to become of the connection. */
enum answer_next { ANSWER_WAIT, ANSWER_CLOSE, ANSWER_FAMILY };
enum answer_next answer_serve(int connection, struct answers *answers);

#endif
