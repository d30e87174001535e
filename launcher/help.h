// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_LAUNCHER_HELP_H
#define MUSTER_LAUNCHER_HELP_H

/* The manual page, and one line with the version; both on standard output. */
void help_print(void);
void version_print(void);

#endif
