// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Handles as integers (MPI 5.0, 20.3.2), for languages that keep them so. The integer of a handle
 * is its low word: the value of a predefined one, kind and index of a created one. The way back
 * adds the generation that the slot has now; an integer that names nothing becomes a handle that
 * names nothing, which the next call tells. They work at any time and report no errors. */
#include "core/engine.h"

static int
to_int(const void *handle)
{
    return (int)((uintptr_t)handle & INT32_MAX);
}

static void *
from_int(enum handle_kind kind, int value)
{
    if (value < 4096)
        return (void *)(intptr_t)value;
    if (engine_enter_always() != MPI_SUCCESS)
        return (void *)(intptr_t)value;
    uintptr_t handle = handle_from_low(kind, (uint32_t)value);
    engine_leave_always();
    return (void *)(handle ? handle : (uintptr_t)value);
}

int
PMPI_Comm_toint(MPI_Comm comm)
{
    return to_int(comm);
}
weak_alias(PMPI_Comm_toint, MPI_Comm_toint);

MPI_Comm
PMPI_Comm_fromint(int comm)
{
    return from_int(HANDLE_COMM, comm);
}
weak_alias(PMPI_Comm_fromint, MPI_Comm_fromint);

int
PMPI_Errhandler_toint(MPI_Errhandler errhandler)
{
    return to_int(errhandler);
}
weak_alias(PMPI_Errhandler_toint, MPI_Errhandler_toint);

MPI_Errhandler
PMPI_Errhandler_fromint(int errhandler)
{
    return from_int(HANDLE_ERRHANDLER, errhandler);
}
weak_alias(PMPI_Errhandler_fromint, MPI_Errhandler_fromint);

int
PMPI_File_toint(MPI_File file)
{
    return to_int(file);
}
weak_alias(PMPI_File_toint, MPI_File_toint);

MPI_File
PMPI_File_fromint(int file)
{
    return from_int(HANDLE_FILE, file);
}
weak_alias(PMPI_File_fromint, MPI_File_fromint);

int
PMPI_Group_toint(MPI_Group group)
{
    return to_int(group);
}
weak_alias(PMPI_Group_toint, MPI_Group_toint);

MPI_Group
PMPI_Group_fromint(int group)
{
    return from_int(HANDLE_GROUP, group);
}
weak_alias(PMPI_Group_fromint, MPI_Group_fromint);

int
PMPI_Info_toint(MPI_Info info)
{
    return to_int(info);
}
weak_alias(PMPI_Info_toint, MPI_Info_toint);

MPI_Info
PMPI_Info_fromint(int info)
{
    return from_int(HANDLE_INFO, info);
}
weak_alias(PMPI_Info_fromint, MPI_Info_fromint);

int
PMPI_Message_toint(MPI_Message message)
{
    return to_int(message);
}
weak_alias(PMPI_Message_toint, MPI_Message_toint);

MPI_Message
PMPI_Message_fromint(int message)
{
    return from_int(HANDLE_MESSAGE, message);
}
weak_alias(PMPI_Message_fromint, MPI_Message_fromint);

int
PMPI_Op_toint(MPI_Op op)
{
    return to_int(op);
}
weak_alias(PMPI_Op_toint, MPI_Op_toint);

MPI_Op
PMPI_Op_fromint(int op)
{
    return from_int(HANDLE_OP, op);
}
weak_alias(PMPI_Op_fromint, MPI_Op_fromint);

int
PMPI_Request_toint(MPI_Request request)
{
    return to_int(request);
}
weak_alias(PMPI_Request_toint, MPI_Request_toint);

MPI_Request
PMPI_Request_fromint(int request)
{
    return from_int(HANDLE_REQUEST, request);
}
weak_alias(PMPI_Request_fromint, MPI_Request_fromint);

int
PMPI_Session_toint(MPI_Session session)
{
    return to_int(session);
}
weak_alias(PMPI_Session_toint, MPI_Session_toint);

MPI_Session
PMPI_Session_fromint(int session)
{
    return from_int(HANDLE_SESSION, session);
}
weak_alias(PMPI_Session_fromint, MPI_Session_fromint);

int
PMPI_Type_toint(MPI_Datatype datatype)
{
    return to_int(datatype);
}
weak_alias(PMPI_Type_toint, MPI_Type_toint);

MPI_Datatype
PMPI_Type_fromint(int datatype)
{
    return from_int(HANDLE_TYPE, datatype);
}
weak_alias(PMPI_Type_fromint, MPI_Type_fromint);

int
PMPI_Win_toint(MPI_Win win)
{
    return to_int(win);
}
weak_alias(PMPI_Win_toint, MPI_Win_toint);

MPI_Win
PMPI_Win_fromint(int win)
{
    return from_int(HANDLE_WIN, win);
}
weak_alias(PMPI_Win_fromint, MPI_Win_fromint);
