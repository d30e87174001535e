// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#ifndef MUSTER_EXT_FOREIGN_H
#define MUSTER_EXT_FOREIGN_H

#include "module.h"

/*
 * Memory of objects without the buffer protocol: tensors, which have DLPack (`__dlpack__` gives a
 * capsule with a struct), and arrays of GPUs (`__cuda_array_interface__` is a dictionary).
 */

enum { FOREIGN_FORMAT = 16 };

bool foreign_check(PyObject *object);

struct foreign {
    char format[FOREIGN_FORMAT]; // where a view's format lies
    bool device;                 // the memory is a GPU's: MPI may read it, Python may not
};

/* As PyObject_GetBuffer with PyBUF_ANY_CONTIGUOUS, for an object that foreign_check likes: `flags`
   may hold PyBUF_WRITABLE and PyBUF_FORMAT. A view without a format is one of bytes. False with an
   exception. */
bool foreign_view(PyObject *object, int flags, Py_buffer *view, struct foreign *foreign);

#endif
