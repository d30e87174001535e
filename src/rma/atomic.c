// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* One element of a window, changed at once (MPI 5.0, 12.3.4): by the processor where it can, else
 * under the target's lock for accumulates. */
#include "op/kernels.h"
#include "op/op.h"
#include "rma/rma.h"

#include <string.h>

/* ---- the lock for accumulates ---- */

static void
take_from_ended(const struct win *win, struct win_member *m)
{
    uint32_t holder = atomic_load_explicit(&m->atomics, memory_order_relaxed);
    if (!holder || holder > (uint32_t)win->group->size)
        return;
    const struct rank_block *block = win->targets[holder - 1].peer->block;
    if (has_left(block))
        atomic_compare_exchange_strong_explicit(&m->atomics, &holder, 0, memory_order_acq_rel,
                                                memory_order_relaxed);
}

int
atomics_lock(struct win *win, struct win_target *target)
{
    struct pause pause = {0};
    struct win_member *m = target->member;
    uint32_t none = 0, me = (uint32_t)win->group->rank + 1;
    int err;
    // acquire: pairs with the release in atomics_unlock.
    while (!atomic_compare_exchange_strong_explicit(&m->atomics, &none, me, memory_order_acquire,
                                                    memory_order_relaxed)) {
        none = 0;
        if ((err = pause_take(&pause)))
            return err;
        take_from_ended(win, m);
    }
    return MPI_SUCCESS;
}

void
atomics_unlock(struct win *win, struct win_target *target)
{
    (void)win;
    atomic_store_explicit(&target->member->atomics, 0, memory_order_release);
}

/* ---- the processor ---- */

static bool
is_integer(unsigned basic)
{
    return (basic >= BASIC_INT8 && basic <= BASIC_INTEGER8) || basic == BASIC_COUNT;
}

// Any operation: what it makes of the old value, until nobody has changed that meanwhile.
#define APPLY_ANY(word)                                                                            \
    static noinline_ void apply_any_##word(const struct op *op, const struct type *type, void *at, \
                                           const void *in, void *old)                              \
    {                                                                                              \
        op_kernel *kernel = op_kernel_find(op->code, type->basic);                                 \
        word given, seen = __atomic_load_n((word *)at, __ATOMIC_RELAXED), made;                    \
        memcpy(&given, in, sizeof given);                                                          \
        do                                                                                         \
            kernel(&given, &seen, &made, 1);                                                       \
        while (!__atomic_compare_exchange_n((word *)at, &seen, made, false, __ATOMIC_SEQ_CST,      \
                                            __ATOMIC_RELAXED));                                    \
        if (old)                                                                                   \
            memcpy(old, &seen, sizeof seen);                                                       \
    }

#define APPLY(word)                                                                                \
    APPLY_ANY(word)                                                                                \
    static inline void apply_##word(const struct op *op, const struct type *type, void *at,        \
                                    const void *in, void *old)                                     \
    {                                                                                              \
        bool whole = is_integer(type->basic);                                                      \
        word given = 0, seen;                                                                      \
        if (likely(op->code != OP_NO_OP))                                                          \
            memcpy(&given, in, sizeof given);                                                      \
        if (op->code == OP_SUM && whole)                                                           \
            seen = __atomic_fetch_add((word *)at, given, __ATOMIC_SEQ_CST);                        \
        else if (op->code == OP_REPLACE)                                                           \
            seen = __atomic_exchange_n((word *)at, given, __ATOMIC_SEQ_CST);                       \
        else if (op->code == OP_NO_OP)                                                             \
            seen = __atomic_load_n((word *)at, __ATOMIC_SEQ_CST);                                  \
        else if (op->code == OP_BOR)                                                               \
            seen = __atomic_fetch_or((word *)at, given, __ATOMIC_SEQ_CST);                         \
        else if (op->code == OP_BAND)                                                              \
            seen = __atomic_fetch_and((word *)at, given, __ATOMIC_SEQ_CST);                        \
        else if (op->code == OP_BXOR)                                                              \
            seen = __atomic_fetch_xor((word *)at, given, __ATOMIC_SEQ_CST);                        \
        else {                                                                                     \
            apply_any_##word(op, type, at, in, old);                                               \
            return;                                                                                \
        }                                                                                          \
        if (old)                                                                                   \
            memcpy(old, &seen, sizeof seen);                                                       \
    }

APPLY(uint64_t)
APPLY(uint32_t)
APPLY(uint16_t)
APPLY(uint8_t)

void
element_apply(const struct op *op, const struct type *type, void *at, const void *in, void *old)
{
    switch (type->size) {
    case 8:
        apply_uint64_t(op, type, at, in, old);
        break;
    case 4:
        apply_uint32_t(op, type, at, in, old);
        break;
    case 2:
        apply_uint16_t(op, type, at, in, old);
        break;
    default:
        apply_uint8_t(op, type, at, in, old);
        break;
    }
}

#define SWAP(word)                                                                                 \
    static void swap_##word(void *at, const void *in, const void *compare, void *old)              \
    {                                                                                              \
        word given, seen;                                                                          \
        memcpy(&given, in, sizeof given);                                                          \
        memcpy(&seen, compare, sizeof seen);                                                       \
        __atomic_compare_exchange_n((word *)at, &seen, given, false, __ATOMIC_SEQ_CST,             \
                                    __ATOMIC_SEQ_CST);                                             \
        memcpy(old, &seen, sizeof seen);                                                           \
    }
SWAP(uint64_t)
SWAP(uint32_t)
SWAP(uint16_t)
SWAP(uint8_t)

void
element_swap(size_t size, void *at, const void *in, const void *compare, void *old)
{
    switch (size) {
    case 8:
        swap_uint64_t(at, in, compare, old);
        break;
    case 4:
        swap_uint32_t(at, in, compare, old);
        break;
    case 2:
        swap_uint16_t(at, in, compare, old);
        break;
    default:
        swap_uint8_t(at, in, compare, old);
        break;
    }
}

static inline bool
is_for_processor(const struct place *place)
{
    return likely(place->cpu && is_atomic_type(place->type)) &&
           likely((uintptr_t)place->at % (uintptr_t)place->type->size == 0);
}

/* ---- MPI_Fetch_and_op ---- */

struct one {
    const void *origin, *compare;
    void *result;
    MPI_Datatype type;
    int rank;
    MPI_Aint disp;
    MPI_Win win;
};

static cold int
not_predefined(const struct type *type)
{
    return error_new(MPI_ERR_TYPE, "the datatype %s is not a predefined one",
                     type->name ? type->name : type->label);
}

static inline int
one_find(const struct one *one, struct place *place)
{
    struct target_args to = {one->rank, one->disp, 1, one->type};
    struct win *win;
    int err = win_enter(one->win, &win);
    if (unlikely(err) || unlikely((err = check_pointer(one->result, "result_addr"))))
        return err;
    if (unlikely(one->rank == MPI_PROC_NULL))
        return type_find_committed(one->type, &place->type);
    if (unlikely((err = place_find(win, &to, place))))
        return err;
    return likely(place->type->predefined) ? MPI_SUCCESS : not_predefined(place->type);
}

static noinline_ int
fetch_slowly(const struct one *one, const struct place *place, struct op *op)
{
    struct accumulate a = {.place = *place,
                           .op = op,
                           .element = accumulate_element(place->type),
                           .origin = {(void *)(uintptr_t)one->origin, 1, place->type, place->bytes},
                           .result = {one->result, 1, place->type, place->bytes},
                           .fetch = true};
    if (op->code == OP_NO_OP)
        a.origin = (struct origin){.type = place->type};
    return accumulate_run(&a);
}

// A predefined type in memory that is mapped.
static inline bool
fetch_quick(const struct one *one, const struct win *win, MPI_Op op_handle)
{
    if (unlikely((uintptr_t)one->type >= 4096 || (uintptr_t)op_handle >= 4096 || !one->origin ||
                 !one->result))
        return false;
    const struct type *type = type_special(one->type);
    const struct op *op = op_special(op_handle);
    if (unlikely(!type || !op || !is_integer(type->basic) || op->code != OP_SUM))
        return false;
    char *at = place_quick(win, one->rank, one->disp, (uint64_t)type->size);
    if (unlikely(!at || !win->targets[one->rank].cpu || (uintptr_t)at % (uintptr_t)type->size))
        return false;
    element_apply(op, type, at, one->origin, one->result);
    return true;
}

static noinline_ int
fetch_any(const struct one *one, MPI_Op op_handle)
{
    struct place place;
    struct op *op;
    int err = op_find(op_handle, &op);
    if (unlikely(err) || unlikely((err = one_find(one, &place))))
        return err;
    const struct type *element = accumulate_element(place.type);
    if (unlikely((err = accumulate_check(op, element))))
        return err;
    if (op->code != OP_NO_OP && unlikely((err = check_pointer(one->origin, "origin_addr"))))
        return err;
    if (unlikely(one->rank == MPI_PROC_NULL))
        return MPI_SUCCESS;
    if (unlikely(!is_for_processor(&place)))
        return fetch_slowly(one, &place, op);
    element_apply(op, element, place.at, one->origin, one->result);
    return MPI_SUCCESS;
}

static inline int
fetch_and_op(const struct one *one, MPI_Op op_handle)
{
    struct win *win;
    int err = win_enter(one->win, &win);
    if (unlikely(err) || likely(fetch_quick(one, win, op_handle)))
        return err;
    return fetch_any(one, op_handle);
}

int
PMPI_Fetch_and_op(const void *origin_addr, void *result_addr, MPI_Datatype datatype,
                  int target_rank, MPI_Aint target_disp, MPI_Op op, MPI_Win win)
{
    struct one one = {.origin = origin_addr,
                      .result = result_addr,
                      .type = datatype,
                      .rank = target_rank,
                      .disp = target_disp,
                      .win = win};
    int err = engine_enter();
    if (likely(!err)) {
        err = fetch_and_op(&one, op);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Fetch_and_op", err);
}
weak_alias(PMPI_Fetch_and_op, MPI_Fetch_and_op);

/* ---- MPI_Compare_and_swap ---- */

// C integer, Fortran integer, logical, multi-language types, byte (12.3.4).
static int
check_comparable(const struct type *type)
{
    if (likely(type->predefined && type->basic >= BASIC_INT8 && type->basic <= BASIC_LOGICAL16))
        return MPI_SUCCESS;
    if (type->handle == MPI_CHAR) // which the standard does not name, and programs use
        return MPI_SUCCESS;
    return error_new(MPI_ERR_TYPE, "the datatype %s is none that can be compared and swapped",
                     type->name ? type->name : type->label);
}

static noinline_ int
swap_slowly(const struct one *one, const struct place *place)
{
    struct run_piece piece = {0, place->bytes};
    unsigned char seen[16];
    int err = atomics_lock(place->win, place->target);
    if (err)
        return err;
    err = run_copy(place, &piece, 1, seen, READ);
    if (!err && memcmp(seen, one->compare, place->bytes) == 0)
        err = run_copy(place, &piece, 1, (void *)(uintptr_t)one->origin, WRITE);
    atomics_unlock(place->win, place->target);
    if (!err)
        memcpy(one->result, seen, place->bytes);
    return err;
}

static inline int
compare_and_swap(const struct one *one)
{
    struct place place;
    int err = check_pointer(one->origin, "origin_addr");
    if (!err)
        err = check_pointer(one->compare, "compare_addr");
    if (unlikely(err) || unlikely((err = one_find(one, &place))) ||
        unlikely((err = check_comparable(place.type))))
        return err;
    if (unlikely(one->rank == MPI_PROC_NULL))
        return MPI_SUCCESS;
    if (unlikely(!is_for_processor(&place)))
        return swap_slowly(one, &place);
    element_swap((size_t)place.type->size, place.at, one->origin, one->compare, one->result);
    return MPI_SUCCESS;
}

int
PMPI_Compare_and_swap(const void *origin_addr, const void *compare_addr, void *result_addr,
                      MPI_Datatype datatype, int target_rank, MPI_Aint target_disp, MPI_Win win)
{
    struct one one = {.origin = origin_addr,
                      .compare = compare_addr,
                      .result = result_addr,
                      .type = datatype,
                      .rank = target_rank,
                      .disp = target_disp,
                      .win = win};
    int err = engine_enter();
    if (likely(!err)) {
        err = compare_and_swap(&one);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(win, "MPI_Compare_and_swap", err);
}
weak_alias(PMPI_Compare_and_swap, MPI_Compare_and_swap);
