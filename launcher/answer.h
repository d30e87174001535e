// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The launcher's side of the abstract socket in boot/wire.h. */
#ifndef MUSTER_LAUNCHER_ANSWER_H
#define MUSTER_LAUNCHER_ANSWER_H

#include "shm/segment.h"

/* A listening socket for the job, or -1: then a rank that lost its descriptor gets an error. */
int answer_listen(uint64_t job);

/* Accept one connection of the same user; -1 if there is none. */
int answer_accept(int listener);

/* Read the request on a connection and answer it. True when the connection is to be closed. */
bool answer_serve(int connection, struct segment_view *view);

#endif
