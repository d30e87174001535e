// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Is a host that the user names this machine? No name is looked up. */
#ifndef MUSTER_LAUNCHER_HOSTS_H
#define MUSTER_LAUNCHER_HOSTS_H

#include "base/base.h"

/* True for "localhost", this machine's name (with or without its domain) and its addresses. */
bool host_is_here(const char *name);

/* Check a list "a,b:4,[::1]:2"; false if a host is another machine: `why` names it. */
bool hosts_check(const char *list, char *why, size_t n);

/* Check a file with a host in the first word of each line ("host", "host:4", "host slots=4"). */
bool hostfile_check(const char *path, char *why, size_t n);

#endif
