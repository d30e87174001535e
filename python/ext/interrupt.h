// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_INTERRUPT_H
#define MUSTER_EXT_INTERRUPT_H

/* Asks an engine that offers it to call us when a signal interrupts a blocked call. */
void interrupt_register(void);

#endif
