// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "interrupt.h"

#include "module.h"

#include <string.h>

#define CALLBACK_CVAR "muster_interrupt_callback"

/*
 * The engine calls this in the thread whose MPI call a signal interrupted, without the GIL. Python
 * signal handlers run here; what one raises stays in the thread's error indicator, where call_end
 * finds it, and the engine abandons the call.
 */
static int
interrupted(void)
{
    if (!Py_IsInitialized())
        return 0;
    PyGILState_STATE gil = PyGILState_Ensure();
    int raised = PyErr_Occurred() != NULL || PyErr_CheckSignals() < 0;
    PyGILState_Release(gil);
    return raised;
}

// Writes the address, whatever integer type of its size the variable has.
static void
callback_write(int index)
{
    MPI_T_cvar_handle handle;
    int count = 0;
    if (MPI_T_cvar_handle_alloc(index, NULL, &handle, &count) != MPI_SUCCESS)
        return;
    uintptr_t address = (uintptr_t)interrupted;
    if (count == 1)
        MPI_T_cvar_write(handle, &address);
    MPI_T_cvar_handle_free(&handle);
}

void
interrupt_register(void)
{
    int provided, index;
    if (MPI_T_init_thread(MPI_THREAD_MULTIPLE, &provided) != MPI_SUCCESS)
        return;
    if (MPI_T_cvar_get_index(CALLBACK_CVAR, &index) == MPI_SUCCESS)
        callback_write(index);
    MPI_T_finalize();
}
