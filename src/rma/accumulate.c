// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * Accumulates (MPI 5.0, 12.3.3 to 12.3.5): elements of one predefined type, whatever the layouts on
 * the three sides. What the origin gives and what the result gets are packed streams here; the
 * target's pieces are met in the order of its stream.
 */
#include "core/layout.h"
#include "op/kernels.h"
#include "op/op.h"
#include "p2p/p2p.h"
#include "rma/rma.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_PIECES 256
#define BATCH_ROOM   (32u << 10) // bytes of elements

// The standard computes nothing with MPI_CHAR, which is for text; programs do.
const struct type *
accumulate_element(const struct type *element)
{
    return element->handle == MPI_CHAR ? type_special(MPI_SIGNED_CHAR) : element;
}

int
accumulate_check(const struct op *op, const struct type *element)
{
    if (unlikely(!op->predefined))
        return error_new(MPI_ERR_OP, "a user operation cannot be used in an accumulate");
    if (op->code == OP_REPLACE || op->code == OP_NO_OP)
        return MPI_SUCCESS;
    return op_check(op, element);
}

/* ---- running ---- */

// One of the two: elements that the processor changes one by one, or pieces that are gathered,
// changed and put back under the lock.
struct run {
    const struct accumulate *a;
    const char *in; // packed, or NULL: nothing is given
    char *out;      // packed, or NULL: nothing is fetched
    uint64_t at;    // bytes of the streams that are over
    uint64_t bytes; // in the batch
    size_t n;
    bool locked; // around all elements
    char *room;  // packed, then in the form of an array: two of them
    struct run_piece pieces[BATCH_PIECES];
};

// Packed elements are an array, unless the type has holes.
static bool
is_array(const struct type *element)
{
    return element->size == element->extent;
}

static uint64_t
array_room(const struct type *element)
{
    return (BATCH_ROOM / (uint64_t)element->size + 1) * (uint64_t)element->extent;
}

// packed = in op packed, for `count` elements.
static void
apply(const struct run *r, const char *in, char *packed, MPI_Count count)
{
    const struct op *op = r->a->op;
    struct type *element = (struct type *)(uintptr_t)r->a->element;
    size_t bytes = (size_t)count * (size_t)element->size;
    if (op->code == OP_REPLACE) {
        memcpy(packed, in, bytes);
    } else if (is_array(element)) {
        op_apply3((struct op *)(uintptr_t)op, element, in, packed, packed, count);
    } else {
        char *a = r->room + BATCH_ROOM, *b = a + array_room(element);
        layout_unpack(element, a, count, 0, in, bytes);
        layout_unpack(element, b, count, 0, packed, bytes);
        op_apply3((struct op *)(uintptr_t)op, element, a, b, b, count);
        layout_pack(element, b, count, 0, packed, bytes);
    }
}

// Under the lock.
static int
batch_end(struct run *r)
{
    const struct accumulate *a = r->a;
    if (!r->n)
        return MPI_SUCCESS;
    int err = run_copy(&a->place, r->pieces, r->n, r->room, READ);
    if (err)
        return err;
    if (r->out)
        memcpy(r->out + r->at, r->room, r->bytes);
    if (a->op->code != OP_NO_OP) {
        apply(r, r->in + r->at, r->room, (MPI_Count)(r->bytes / (uint64_t)a->element->size));
        err = run_copy(&a->place, r->pieces, r->n, r->room, WRITE);
    }
    r->at += r->bytes;
    r->bytes = r->n = 0;
    return err;
}

// A batch ends between two elements. One of a type with holes may be of two pieces.
static int
batch_add(void *of, MPI_Count offset, uint64_t length)
{
    struct run *r = of;
    uint64_t size = (uint64_t)r->a->element->size, room = BATCH_ROOM - BATCH_ROOM % size;
    while (length) {
        uint64_t part = min_size(length, room - r->bytes);
        r->pieces[r->n++] = (struct run_piece){(uint64_t)offset, part};
        r->bytes += part;
        offset += (MPI_Count)part;
        length -= part;
        if (r->bytes < room && (r->n < BATCH_PIECES - 4 || r->bytes % size))
            continue;
        int err = batch_end(r);
        if (err)
            return err;
    }
    return MPI_SUCCESS;
}

static int
run_locked(struct run *r, uint64_t bytes)
{
    const struct accumulate *a = r->a;
    const struct place *place = &a->place;
    r->room = malloc(BATCH_ROOM + 2 * array_room(a->element));
    if (!r->room)
        return error_new(MPI_ERR_NO_MEM, "no memory for an accumulate");
    int err = atomics_lock(place->win, place->target);
    if (!err) {
        err = pieces_visit(place->type, bytes, batch_add, r);
        if (!err)
            err = batch_end(r);
        atomics_unlock(place->win, place->target);
    }
    free(r->room);
    return err;
}

// Elements that the processor cannot change at once: one lock for the piece.
static int
change_unaligned(struct run *r, char *at, uint64_t length)
{
    const struct accumulate *a = r->a;
    char seen[8];
    size_t size = (size_t)a->element->size;
    int err = r->locked ? MPI_SUCCESS : atomics_lock(a->place.win, a->place.target);
    for (uint64_t i = 0; i < length && !err; i += size, r->at += size) {
        memcpy(seen, at + i, size);
        if (r->out)
            memcpy(r->out + r->at, seen, size);
        if (a->op->code == OP_NO_OP)
            continue;
        apply(r, r->in + r->at, seen, 1);
        memcpy(at + i, seen, size);
    }
    if (!err && !r->locked)
        atomics_unlock(a->place.win, a->place.target);
    return err;
}

// Elements that are replaced or fetched, with their neighbors in one word: what is atomic for the
// word is so for each.
static void
change_words(struct run *r, char *at, uint64_t length)
{
    const struct type *const words[] = {[1] = type_special(MPI_UINT8_T),
                                        [2] = type_special(MPI_UINT16_T),
                                        [4] = type_special(MPI_UINT32_T),
                                        [8] = type_special(MPI_UINT64_T)};
    for (uint64_t size; length; length -= size, at += size, r->at += size) {
        for (size = 8; size > length || (uintptr_t)at % size; size /= 2)
            ;
        element_apply(r->a->op, words[size], at, r->in ? r->in + r->at : NULL,
                      r->out ? r->out + r->at : NULL);
    }
}

#define WORD        sizeof(uint64_t)
#define BLOCK_WORDS 64

// What is computed of a word's elements, until nobody has changed it meanwhile.
static void
word_retry(const struct accumulate *a, uint64_t *at, uint64_t *seen, const char *in)
{
    op_kernel *kernel = op_kernel_find(a->op->code, a->element->basic);
    uint64_t made;
    do
        kernel(in, seen, &made, WORD / (size_t)a->element->size);
    while (!__atomic_compare_exchange_n(at, seen, made, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
}

// As many elements as there are, by whole words: computed for a block at once, put word by word
// where the old value is still there. Returns the bytes.
static uint64_t
block_apply(const struct accumulate *a, char *at, const char *in, char *out, uint64_t length)
{
    uint64_t seen[BLOCK_WORDS], made[BLOCK_WORDS];
    uint64_t *words = (uint64_t *)(void *)at;
    size_t n = min_size(length / WORD, BLOCK_WORDS);
    op_kernel *kernel = op_kernel_find(a->op->code, a->element->basic);
    for (size_t i = 0; i < n; i++)
        seen[i] = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
    kernel(in, seen, made, n * WORD / (size_t)a->element->size);
    for (size_t i = 0; i < n; i++)
        if (unlikely(!__atomic_compare_exchange_n(&words[i], &seen[i], made[i], false,
                                                  __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)))
            word_retry(a, &words[i], &seen[i], in + i * WORD);
    if (out)
        memcpy(out, seen, n * WORD);
    return n * WORD;
}

static int
change_piece(void *of, MPI_Count offset, uint64_t length)
{
    struct run *r = of;
    const struct type *element = r->a->element;
    unsigned code = r->a->op->code;
    uint64_t size = (uint64_t)element->size;
    char *at = (char *)((uintptr_t)r->a->place.at + (uintptr_t)offset);
    if (unlikely((uintptr_t)at % size))
        return change_unaligned(r, at, length);
    if (code == OP_REPLACE || code == OP_NO_OP) {
        change_words(r, at, length);
        return MPI_SUCCESS;
    }
    for (uint64_t n; length; length -= n, at += n, r->at += n) {
        const char *in = r->in + r->at;
        char *out = r->out ? r->out + r->at : NULL;
        n = size;
        if (length >= 2 * WORD && (uintptr_t)at % WORD == 0)
            n = block_apply(r->a, at, in, out, length);
        else
            element_apply(r->a->op, element, at, in, out);
    }
    return MPI_SUCCESS;
}

// A structure that is moved as bytes: programs count on all or nothing of it, as where a lock
// guards every accumulate.
#define STRUCTURE_MOST 4096

static int
run_elements(struct run *r, uint64_t bytes)
{
    const struct accumulate *a = r->a;
    const struct place *place = &a->place;
    bool whole = a->element->handle == MPI_BYTE && bytes > 1 && bytes <= STRUCTURE_MOST;
    int err = whole ? atomics_lock(place->win, place->target) : MPI_SUCCESS;
    if (err)
        return err;
    r->locked = whole;
    err = pieces_visit(place->type, bytes, change_piece, r);
    if (whole)
        atomics_unlock(place->win, place->target);
    return err;
}

/* ---- the streams of the origin and of the result ---- */

// A layout's packed stream: where it lies, if it has no holes, else a copy.
static int
stream_open(const struct origin *side, char **stream, char **made)
{
    *made = NULL;
    *stream = (char *)((uintptr_t)side->buffer + (uintptr_t)side->type->true_lb);
    if (side->type->contiguous)
        return MPI_SUCCESS;
    *stream = *made = malloc(side->bytes ? side->bytes : 1);
    return *made ? MPI_SUCCESS
                 : error_new(MPI_ERR_NO_MEM, "no memory for %llu bytes of an accumulate",
                             (unsigned long long)side->bytes);
}

static int
run_streams(struct run *r)
{
    const struct accumulate *a = r->a;
    uint64_t bytes = a->op->code == OP_NO_OP ? a->place.bytes : a->origin.bytes;
    if (!a->place.cpu || !is_atomic_type(a->element))
        return run_locked(r, bytes);
    return run_elements(r, bytes);
}

int
accumulate_run(const struct accumulate *a)
{
    struct run r = {.a = a};
    char *in = NULL, *in_made = NULL, *out_made = NULL;
    int err = MPI_SUCCESS;
    struct type *types[3] = {a->place.type, a->origin.type, a->fetch ? a->result.type : NULL};
    if (a->op->code != OP_NO_OP && !(err = stream_open(&a->origin, &in, &in_made)) && in_made)
        layout_pack(a->origin.type, a->origin.buffer, a->origin.count, 0, in_made, a->origin.bytes);
    if (!err && a->fetch)
        err = stream_open(&a->result, &r.out, &out_made);
    r.in = in;
    for (int i = 0; i < 3 && !err; i++)
        if (types[i])
            type_hold(types[i]); // the lock of the engine may be given away
    if (!err) {
        err = run_streams(&r);
        if (!err && out_made)
            layout_unpack(a->result.type, a->result.buffer, a->result.count, 0, out_made, r.at);
        for (int i = 0; i < 3; i++)
            if (types[i])
                type_release(types[i]);
    }
    free(in_made);
    free(out_made);
    return err;
}

/* ---- arguments ---- */

static cold int
mixed_type(const char *whose, const struct type *type)
{
    return error_new(MPI_ERR_TYPE,
                     "the elements of the %s datatype %s are not all of one predefined type", whose,
                     type->name ? type->name : type->label);
}

static cold int
other_type(const char *whose, const struct type *type, const struct type *element)
{
    return error_new(MPI_ERR_TYPE, "the %s datatype is of %s, the target's of %s", whose,
                     type->uniform ? type->uniform->label : "different types", element->label);
}

static int
check_side(const struct origin *side, const char *whose, const struct accumulate *a)
{
    if (!side->type->uniform)
        return mixed_type(whose, side->type);
    // Types of one representation are taken for each other: MPI_INT and MPI_INT32_T.
    const struct type *element = accumulate_element(side->type->uniform);
    if (element != a->element &&
        (element->size != a->element->size || element->basic != a->element->basic))
        return other_type(whose, side->type, a->element);
    if (side->bytes == a->place.bytes)
        return MPI_SUCCESS;
    return error_new(MPI_ERR_TRUNCATE, "the %s has %llu bytes of data, the target %llu", whose,
                     (unsigned long long)side->bytes, (unsigned long long)a->place.bytes);
}

struct accumulate_args {
    struct origin_args origin, result;
    struct target_args target;
    MPI_Op op;
    MPI_Win win;
    bool fetch;
};

static int
check_sides(struct accumulate *a)
{
    int err = MPI_SUCCESS;
    if (!a->place.type->uniform)
        return mixed_type("target", a->place.type);
    a->element = accumulate_element(a->place.type->uniform);
    if ((err = accumulate_check(a->op, a->element)))
        return err;
    if (a->op->code != OP_NO_OP && (err = check_side(&a->origin, "origin", a)))
        return err;
    return a->fetch ? check_side(&a->result, "result", a) : MPI_SUCCESS;
}

static int
find_sides(const struct accumulate_args *args, struct accumulate *a)
{
    int err = op_find(args->op, &a->op);
    if (err)
        return err;
    // Of MPI_NO_OP nothing of the origin is looked at (12.3.4).
    if (!(args->fetch && a->op->code == OP_NO_OP))
        err = origin_find(&args->origin, "origin_addr", &a->origin);
    if (!err && args->fetch)
        err = origin_find(&args->result, "result_addr", &a->result);
    if (!err && !a->op->predefined)
        err = accumulate_check(a->op, NULL);
    a->fetch = args->fetch;
    return err;
}

static int
accumulate(const struct accumulate_args *args)
{
    struct accumulate a = {0};
    struct win *win;
    int err = win_enter(args->win, &win);
    if (err || (err = find_sides(args, &a)) || args->target.rank == MPI_PROC_NULL)
        return err;
    if ((err = place_find(win, &args->target, &a.place)))
        return err;
    if (!a.place.bytes && !a.origin.bytes)
        return MPI_SUCCESS;
    if ((err = check_sides(&a)))
        return err;
    if (!args->fetch && a.op->code == OP_NO_OP)
        return MPI_SUCCESS;
    return accumulate_run(&a);
}

static int
accumulate_call(const struct accumulate_args *args, const char *function)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = accumulate(args);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(args->win, function, err);
}

static int
accumulate_request(const struct accumulate_args *args, const char *function, MPI_Request *request)
{
    int err = engine_enter();
    if (likely(!err)) {
        err = check_pointer(request, "request");
        if (!err)
            err = accumulate(args);
        if (!err)
            err = request_over(REQUEST_SEND, request);
        engine_leave();
    }
    return likely(!err) ? MPI_SUCCESS : win_raise(args->win, function, err);
}

#define ARGS                                                                                       \
    .origin = {origin_addr, origin_count, origin_datatype},                                        \
    .target = {target_rank, target_disp, target_count, target_datatype}, .op = op, .win = win
#define FETCH_ARGS ARGS, .fetch = true, .result = {result_addr, result_count, result_datatype}

int
PMPI_Accumulate(const void *origin_addr, int origin_count, MPI_Datatype origin_datatype,
                int target_rank, MPI_Aint target_disp, int target_count,
                MPI_Datatype target_datatype, MPI_Op op, MPI_Win win)
{
    return accumulate_call(&(struct accumulate_args){ARGS}, "MPI_Accumulate");
}
weak_alias(PMPI_Accumulate, MPI_Accumulate);

int
PMPI_Accumulate_c(const void *origin_addr, MPI_Count origin_count, MPI_Datatype origin_datatype,
                  int target_rank, MPI_Aint target_disp, MPI_Count target_count,
                  MPI_Datatype target_datatype, MPI_Op op, MPI_Win win)
{
    return accumulate_call(&(struct accumulate_args){ARGS}, "MPI_Accumulate_c");
}
weak_alias(PMPI_Accumulate_c, MPI_Accumulate_c);

int
PMPI_Get_accumulate(const void *origin_addr, int origin_count, MPI_Datatype origin_datatype,
                    void *result_addr, int result_count, MPI_Datatype result_datatype,
                    int target_rank, MPI_Aint target_disp, int target_count,
                    MPI_Datatype target_datatype, MPI_Op op, MPI_Win win)
{
    return accumulate_call(&(struct accumulate_args){FETCH_ARGS}, "MPI_Get_accumulate");
}
weak_alias(PMPI_Get_accumulate, MPI_Get_accumulate);

int
PMPI_Get_accumulate_c(const void *origin_addr, MPI_Count origin_count, MPI_Datatype origin_datatype,
                      void *result_addr, MPI_Count result_count, MPI_Datatype result_datatype,
                      int target_rank, MPI_Aint target_disp, MPI_Count target_count,
                      MPI_Datatype target_datatype, MPI_Op op, MPI_Win win)
{
    return accumulate_call(&(struct accumulate_args){FETCH_ARGS}, "MPI_Get_accumulate_c");
}
weak_alias(PMPI_Get_accumulate_c, MPI_Get_accumulate_c);

int
PMPI_Raccumulate(const void *origin_addr, int origin_count, MPI_Datatype origin_datatype,
                 int target_rank, MPI_Aint target_disp, int target_count,
                 MPI_Datatype target_datatype, MPI_Op op, MPI_Win win, MPI_Request *request)
{
    return accumulate_request(&(struct accumulate_args){ARGS}, "MPI_Raccumulate", request);
}
weak_alias(PMPI_Raccumulate, MPI_Raccumulate);

int
PMPI_Raccumulate_c(const void *origin_addr, MPI_Count origin_count, MPI_Datatype origin_datatype,
                   int target_rank, MPI_Aint target_disp, MPI_Count target_count,
                   MPI_Datatype target_datatype, MPI_Op op, MPI_Win win, MPI_Request *request)
{
    return accumulate_request(&(struct accumulate_args){ARGS}, "MPI_Raccumulate_c", request);
}
weak_alias(PMPI_Raccumulate_c, MPI_Raccumulate_c);

int
PMPI_Rget_accumulate(const void *origin_addr, int origin_count, MPI_Datatype origin_datatype,
                     void *result_addr, int result_count, MPI_Datatype result_datatype,
                     int target_rank, MPI_Aint target_disp, int target_count,
                     MPI_Datatype target_datatype, MPI_Op op, MPI_Win win, MPI_Request *request)
{
    return accumulate_request(&(struct accumulate_args){FETCH_ARGS}, "MPI_Rget_accumulate",
                              request);
}
weak_alias(PMPI_Rget_accumulate, MPI_Rget_accumulate);

int
PMPI_Rget_accumulate_c(const void *origin_addr, MPI_Count origin_count,
                       MPI_Datatype origin_datatype, void *result_addr, MPI_Count result_count,
                       MPI_Datatype result_datatype, int target_rank, MPI_Aint target_disp,
                       MPI_Count target_count, MPI_Datatype target_datatype, MPI_Op op, MPI_Win win,
                       MPI_Request *request)
{
    return accumulate_request(&(struct accumulate_args){FETCH_ARGS}, "MPI_Rget_accumulate_c",
                              request);
}
weak_alias(PMPI_Rget_accumulate_c, MPI_Rget_accumulate_c);
