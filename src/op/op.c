// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "op/op.h"

#include "core/check.h"
#include "core/engine.h"
#include "errh/raise.h"
#include "op/kernels.h"

#include <limits.h>

#define FIRST 0x20 // MPI_OP_NULL

#define ROW(handle_, code_, commutative_)                                                          \
    [code_] = {.refs = 1,                                                                          \
               .predefined = true,                                                                 \
               .commutative = (commutative_),                                                      \
               .code = (code_),                                                                    \
               .label = #handle_,                                                                  \
               .handle = (handle_)}

static struct op ops[OP_CODES] = {
    ROW(MPI_SUM, OP_SUM, true),          ROW(MPI_MIN, OP_MIN, true),
    ROW(MPI_MAX, OP_MAX, true),          ROW(MPI_PROD, OP_PROD, true),
    ROW(MPI_BAND, OP_BAND, true),        ROW(MPI_BOR, OP_BOR, true),
    ROW(MPI_BXOR, OP_BXOR, true),        ROW(MPI_LAND, OP_LAND, true),
    ROW(MPI_LOR, OP_LOR, true),          ROW(MPI_LXOR, OP_LXOR, true),
    ROW(MPI_MINLOC, OP_MINLOC, true),    ROW(MPI_MAXLOC, OP_MAXLOC, true),
    ROW(MPI_REPLACE, OP_REPLACE, false), ROW(MPI_NO_OP, OP_NO_OP, false),
};

struct op *
op_special(MPI_Op handle)
{
    uintptr_t i = (uintptr_t)handle - FIRST;
    return likely(i < OP_CODES && ops[i].label) ? &ops[i] : NULL;
}

const char *
op_code_label(uint8_t code)
{
    return code < OP_CODES && ops[code].label ? ops[code].label : "an unknown operation";
}

void
op_end(struct op *op)
{
    pool_free(HANDLE_OP, op);
}

static cold int
op_refuses(const struct op *op, const struct type *type)
{
    if (op->code == OP_REPLACE || op->code == OP_NO_OP)
        return error_new(MPI_ERR_OP, "%s is for one-sided communication only", op->label);
    if (type->basic == BASIC_NONE && !type->predefined)
        return error_new(MPI_ERR_OP, "%s takes predefined datatypes only, not a derived one",
                         op->label);
    return error_new(MPI_ERR_OP, "%s does not take the datatype %s", op->label, type->label);
}

int
op_check(const struct op *op, const struct type *type)
{
    if (likely(!op->predefined || op_kernel_find(op->code, type->basic)))
        return MPI_SUCCESS;
    return op_refuses(op, type);
}

// A function with int counts gets what is more than an int can say in several calls.
static void
call_user(const struct op *op, const struct type *type, char *in, char *inout, MPI_Count count)
{
    MPI_Datatype handle = type->handle;
    if (op->large) {
        ((MPI_User_function_c *)op->function)(in, inout, &count, &handle);
        return;
    }
    while (count > 0) {
        int n = count > INT_MAX ? INT_MAX : (int)count, given = n;
        ((MPI_User_function *)op->function)(in, inout, &given, &handle);
        in += n * type->extent;
        inout += n * type->extent;
        count -= n;
    }
}

void
op_apply(struct op *op, struct type *type, const void *in, void *inout, MPI_Count count)
{
    if (likely(op->predefined)) {
        op_kernel_find(op->code, type->basic)(in, inout, inout, (size_t)count);
        return;
    }
    engine_give();
    call_user(op, type, (char *)(uintptr_t)in, inout, count);
    engine_take();
}

void
op_apply3(struct op *op, struct type *type, const void *a, const void *b, void *out,
          MPI_Count count)
{
    op_kernel_find(op->code, type->basic)(a, b, out, (size_t)count);
}

static int
op_create(void (*function)(void), bool large, int commute, MPI_Op *handle)
{
    int err = check_pointer((void *)(uintptr_t)function, "user_fn");
    if (!err)
        err = check_pointer(handle, "op");
    if (err)
        return err;
    struct op *op = pool_alloc(HANDLE_OP, sizeof *op);
    if (!op)
        return error_new(MPI_ERR_NO_MEM, "no memory for another operation");
    op->refs = 1;
    op->commutative = commute != 0;
    op->large = large;
    op->function = function;
    op->label = "a user operation";
    op->handle = (MPI_Op)handle_of(HANDLE_OP, op);
    *handle = op->handle;
    return MPI_SUCCESS;
}

int
PMPI_Op_create(MPI_User_function *user_fn, int commute, MPI_Op *op)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = op_create((void (*)(void))user_fn, false, commute, op);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Op_create", err);
}
weak_alias(PMPI_Op_create, MPI_Op_create);

int
PMPI_Op_create_c(MPI_User_function_c *user_fn, int commute, MPI_Op *op)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = op_create((void (*)(void))user_fn, true, commute, op);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Op_create_c", err);
}
weak_alias(PMPI_Op_create_c, MPI_Op_create_c);

// Operations under way hold it; its handle ends now.
static int
op_free(MPI_Op *handle)
{
    struct op *op = NULL;
    int err = check_pointer(handle, "op");
    if (!err)
        err = op_find(*handle, &op);
    if (err)
        return err;
    if (op->predefined)
        return error_new(MPI_ERR_OP, "%s is predefined and cannot be freed", op->label);
    handle_retire(op);
    op_release(op);
    *handle = MPI_OP_NULL;
    return MPI_SUCCESS;
}

int
PMPI_Op_free(MPI_Op *op)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = op_free(op);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Op_free", err);
}
weak_alias(PMPI_Op_free, MPI_Op_free);

static int
op_commutative(MPI_Op handle, int *commute)
{
    struct op *op = NULL;
    int err = op_find(handle, &op);
    if (!err)
        err = check_pointer(commute, "commute");
    if (!err)
        *commute = op->commutative;
    return err;
}

int
PMPI_Op_commutative(MPI_Op op, int *commute)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = op_commutative(op, commute);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : world_raise("MPI_Op_commutative", err);
}
weak_alias(PMPI_Op_commutative, MPI_Op_commutative);
