// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Is a host that the user names this machine? No name is looked up. */
#ifndef MUSTER_LAUNCHER_HOSTS_H
#define MUSTER_LAUNCHER_HOSTS_H

#include "base/base.h"

/* Check a list "a,b:4,[::1]:2"; false if a host is another machine: `why` names it. This machine is
 * "localhost", its own name with or without its domain, and its addresses. */
bool hosts_check(const char *list, char *why, size_t n);

/* Check a file with a host in the first word of each line ("host", "host:4", "host slots=4"). */
bool hostfile_check(const char *path, char *why, size_t n);

#endif
