// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/*
 * The texts of error codes.
 *
 * A code is ERROR_DYNAMIC | number << ERROR_CLASS_BITS | class. Its text stands in slot number %
 * ERROR_TEXTS, until ERROR_TEXTS further errors have been made. A slot is a sequence lock whose
 * sequence is the number: BUSY while its one writer is at work. Nobody ever waits: a writer that
 * finds the slot busy takes the next number, a reader that finds another number has no text. So an
 * error can be made and read in any thread, with or without the engine's lock, and in a child
 * forked at any moment.
 */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_BITS (30 - ERROR_CLASS_BITS)
#define TEXT_WORDS  56
#define BUSY        UINT32_MAX

struct text {
    _Atomic uint32_t number;           // whose text this is; 0: nobody's
    _Atomic uintptr_t where;           // const char *, or 0
    _Atomic uint64_t text[TEXT_WORDS]; // words, so that a torn read is no race
};

static struct text texts[ERROR_TEXTS];
static _Atomic uint32_t last_number;

static const struct class_name {
    int errclass;
    const char *name, *text;
} class_names[] = {
    {MPI_SUCCESS, "MPI_SUCCESS", "no error"},
    {MPI_ERR_BUFFER, "MPI_ERR_BUFFER", "invalid buffer address"},
    {MPI_ERR_COUNT, "MPI_ERR_COUNT", "invalid count"},
    {MPI_ERR_TYPE, "MPI_ERR_TYPE", "invalid datatype"},
    {MPI_ERR_TAG, "MPI_ERR_TAG", "invalid tag"},
    {MPI_ERR_COMM, "MPI_ERR_COMM", "invalid communicator"},
    {MPI_ERR_RANK, "MPI_ERR_RANK", "invalid rank"},
    {MPI_ERR_REQUEST, "MPI_ERR_REQUEST", "invalid request"},
    {MPI_ERR_ROOT, "MPI_ERR_ROOT", "invalid root rank"},
    {MPI_ERR_GROUP, "MPI_ERR_GROUP", "invalid group"},
    {MPI_ERR_OP, "MPI_ERR_OP", "invalid reduction operation"},
    {MPI_ERR_TOPOLOGY, "MPI_ERR_TOPOLOGY", "invalid topology"},
    {MPI_ERR_DIMS, "MPI_ERR_DIMS", "invalid number or size of dimensions"},
    {MPI_ERR_ARG, "MPI_ERR_ARG", "invalid argument"},
    {MPI_ERR_UNKNOWN, "MPI_ERR_UNKNOWN", "unknown error"},
    {MPI_ERR_TRUNCATE, "MPI_ERR_TRUNCATE", "the message is longer than the receive buffer"},
    {MPI_ERR_OTHER, "MPI_ERR_OTHER", "an error that has no class of its own"},
    {MPI_ERR_INTERN, "MPI_ERR_INTERN", "an error inside the library"},
    {MPI_ERR_PENDING, "MPI_ERR_PENDING", "the request is neither complete nor in error"},
    {MPI_ERR_IN_STATUS, "MPI_ERR_IN_STATUS", "the error codes are in the statuses"},
    {MPI_ERR_ACCESS, "MPI_ERR_ACCESS", "permission denied"},
    {MPI_ERR_AMODE, "MPI_ERR_AMODE", "invalid access mode of a file"},
    {MPI_ERR_ASSERT, "MPI_ERR_ASSERT", "invalid assertion"},
    {MPI_ERR_BAD_FILE, "MPI_ERR_BAD_FILE", "invalid file name"},
    {MPI_ERR_BASE, "MPI_ERR_BASE", "invalid base address"},
    {MPI_ERR_CONVERSION, "MPI_ERR_CONVERSION", "error in a data conversion function"},
    {MPI_ERR_DISP, "MPI_ERR_DISP", "invalid displacement"},
    {MPI_ERR_DUP_DATAREP, "MPI_ERR_DUP_DATAREP", "this data representation is already defined"},
    {MPI_ERR_FILE_EXISTS, "MPI_ERR_FILE_EXISTS", "the file exists"},
    {MPI_ERR_FILE_IN_USE, "MPI_ERR_FILE_IN_USE", "the file is open in some process"},
    {MPI_ERR_FILE, "MPI_ERR_FILE", "invalid file handle"},
    {MPI_ERR_INFO_KEY, "MPI_ERR_INFO_KEY", "invalid info key"},
    {MPI_ERR_INFO_NOKEY, "MPI_ERR_INFO_NOKEY", "no such info key"},
    {MPI_ERR_INFO_VALUE, "MPI_ERR_INFO_VALUE", "invalid info value"},
    {MPI_ERR_INFO, "MPI_ERR_INFO", "invalid info object"},
    {MPI_ERR_IO, "MPI_ERR_IO", "input or output error"},
    {MPI_ERR_KEYVAL, "MPI_ERR_KEYVAL", "invalid attribute key"},
    {MPI_ERR_LOCKTYPE, "MPI_ERR_LOCKTYPE", "invalid lock type"},
    {MPI_ERR_NAME, "MPI_ERR_NAME", "no such service name"},
    {MPI_ERR_NO_MEM, "MPI_ERR_NO_MEM", "out of memory"},
    {MPI_ERR_NOT_SAME, "MPI_ERR_NOT_SAME", "an argument differs between the ranks"},
    {MPI_ERR_NO_SPACE, "MPI_ERR_NO_SPACE", "not enough space on the file's device"},
    {MPI_ERR_NO_SUCH_FILE, "MPI_ERR_NO_SUCH_FILE", "no such file"},
    {MPI_ERR_PORT, "MPI_ERR_PORT", "invalid port name"},
    {MPI_ERR_QUOTA, "MPI_ERR_QUOTA", "quota exceeded"},
    {MPI_ERR_READ_ONLY, "MPI_ERR_READ_ONLY", "the file or file system is read-only"},
    {MPI_ERR_RMA_ATTACH, "MPI_ERR_RMA_ATTACH", "the memory cannot be attached to the window"},
    {MPI_ERR_RMA_CONFLICT, "MPI_ERR_RMA_CONFLICT", "conflicting accesses to a window"},
    {MPI_ERR_RMA_RANGE, "MPI_ERR_RMA_RANGE", "the target memory is not part of the window"},
    {MPI_ERR_RMA_SHARED, "MPI_ERR_RMA_SHARED", "the memory cannot be shared"},
    {MPI_ERR_RMA_SYNC, "MPI_ERR_RMA_SYNC", "wrong synchronization of a window"},
    {MPI_ERR_SERVICE, "MPI_ERR_SERVICE", "the service name cannot be unpublished"},
    {MPI_ERR_SIZE, "MPI_ERR_SIZE", "invalid size"},
    {MPI_ERR_SPAWN, "MPI_ERR_SPAWN", "the processes could not be started"},
    {MPI_ERR_UNSUPPORTED_DATAREP, "MPI_ERR_UNSUPPORTED_DATAREP", "unknown data representation"},
    {MPI_ERR_UNSUPPORTED_OPERATION, "MPI_ERR_UNSUPPORTED_OPERATION",
     "the operation is not supported here"},
    {MPI_ERR_WIN, "MPI_ERR_WIN", "invalid window"},
    {MPI_ERR_RMA_FLAVOR, "MPI_ERR_RMA_FLAVOR", "the window has another flavor"},
    {MPI_ERR_PROC_ABORTED, "MPI_ERR_PROC_ABORTED", "a rank of the job has failed"},
    {MPI_ERR_VALUE_TOO_LARGE, "MPI_ERR_VALUE_TOO_LARGE", "a value does not fit its type"},
    {MPI_ERR_SESSION, "MPI_ERR_SESSION", "invalid session"},
    {MPI_ERR_ERRHANDLER, "MPI_ERR_ERRHANDLER", "invalid error handler"},
    {MPI_ERR_ABI, "MPI_ERR_ABI", "wrong use of the binary interface"},
    {MPI_T_ERR_CANNOT_INIT, "MPI_T_ERR_CANNOT_INIT", "the tool interface cannot be initialized"},
    {MPI_T_ERR_NOT_ACCESSIBLE, "MPI_T_ERR_NOT_ACCESSIBLE", "the value is not accessible"},
    {MPI_T_ERR_NOT_INITIALIZED, "MPI_T_ERR_NOT_INITIALIZED",
     "the tool interface is not initialized"},
    {MPI_T_ERR_NOT_SUPPORTED, "MPI_T_ERR_NOT_SUPPORTED", "not supported by the tool interface"},
    {MPI_T_ERR_MEMORY, "MPI_T_ERR_MEMORY", "out of memory in the tool interface"},
    {MPI_T_ERR_INVALID, "MPI_T_ERR_INVALID", "wrong use of the tool interface"},
    {MPI_T_ERR_INVALID_INDEX, "MPI_T_ERR_INVALID_INDEX", "no variable or category has this index"},
    {MPI_T_ERR_INVALID_ITEM, "MPI_T_ERR_INVALID_ITEM", "no item has this index"},
    {MPI_T_ERR_INVALID_SESSION, "MPI_T_ERR_INVALID_SESSION", "invalid tool session"},
    {MPI_T_ERR_INVALID_HANDLE, "MPI_T_ERR_INVALID_HANDLE", "invalid handle of the tool interface"},
    {MPI_T_ERR_INVALID_NAME, "MPI_T_ERR_INVALID_NAME", "no variable or category has this name"},
    {MPI_T_ERR_OUT_OF_HANDLES, "MPI_T_ERR_OUT_OF_HANDLES", "no more handles"},
    {MPI_T_ERR_OUT_OF_SESSIONS, "MPI_T_ERR_OUT_OF_SESSIONS", "no more sessions"},
    {MPI_T_ERR_CVAR_SET_NOT_NOW, "MPI_T_ERR_CVAR_SET_NOT_NOW",
     "the control variable cannot be set now"},
    {MPI_T_ERR_CVAR_SET_NEVER, "MPI_T_ERR_CVAR_SET_NEVER", "the control variable is read-only"},
    {MPI_T_ERR_PVAR_NO_WRITE, "MPI_T_ERR_PVAR_NO_WRITE", "the performance variable is read-only"},
    {MPI_T_ERR_PVAR_NO_STARTSTOP, "MPI_T_ERR_PVAR_NO_STARTSTOP",
     "the performance variable cannot be started or stopped"},
    {MPI_T_ERR_PVAR_NO_ATOMIC, "MPI_T_ERR_PVAR_NO_ATOMIC",
     "the performance variable cannot be read and reset at once"},
    {MPI_ERR_LASTCODE, "MPI_ERR_LASTCODE", "the last of the predefined error codes"},
};
static_assert(MPI_ERR_ABI < 1 << ERROR_CLASS_BITS, "an engine's class fits into a code");

static const struct class_name *
class_find(int errclass)
{
    for (size_t i = 0; i < sizeof class_names / sizeof *class_names; i++)
        if (class_names[i].errclass == errclass)
            return &class_names[i];
    return NULL;
}

const char *
error_class_name(int errclass)
{
    const struct class_name *c = class_find(errclass);
    return c ? c->name : NULL;
}

static uint32_t
number_of(int code)
{
    return (uint32_t)(code & ~ERROR_DYNAMIC) >> ERROR_CLASS_BITS;
}

// A number, with its slot marked busy by us.
static uint32_t
text_claim(void)
{
    for (;;) {
        uint32_t number = atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed) + 1;
        number &= (1u << NUMBER_BITS) - 1;
        struct text *t = &texts[number % ERROR_TEXTS];
        uint32_t old = atomic_load_explicit(&t->number, memory_order_relaxed);
        if (number == 0 || old == BUSY)
            continue;
        if (atomic_compare_exchange_strong_explicit(&t->number, &old, BUSY, memory_order_relaxed,
                                                    memory_order_relaxed))
            return number;
    }
}

int
error_new(int errclass, const char *fmt, ...)
{
    uint64_t words[TEXT_WORDS] = {0};
    va_list args;
    va_start(args, fmt);
    vsnprintf((char *)words, sizeof words, fmt, args);
    va_end(args);

    uint32_t number = text_claim();
    struct text *t = &texts[number % ERROR_TEXTS];
    // Pairs with the acquire fence in text_read: who sees a word of ours sees BUSY as well.
    atomic_thread_fence(memory_order_release);
    atomic_store_explicit(&t->where, 0, memory_order_relaxed);
    for (int i = 0; i < TEXT_WORDS; i++)
        atomic_store_explicit(&t->text[i], words[i], memory_order_relaxed);
    // release: pairs with the acquire in text_read, which then sees the words.
    atomic_store_explicit(&t->number, number, memory_order_release);
    return ERROR_DYNAMIC | (int)(number << ERROR_CLASS_BITS) | errclass;
}

void
error_place(int code, const char *where)
{
    uint32_t number = number_of(code);
    struct text *t = &texts[number % ERROR_TEXTS];
    uintptr_t none = 0;
    if (code < 0 || !(code & ERROR_DYNAMIC))
        return;
    // acquire: pairs with the release in error_new, after which `where` is 0.
    if (atomic_load_explicit(&t->number, memory_order_acquire) == number)
        atomic_compare_exchange_strong_explicit(&t->where, &none, (uintptr_t)where,
                                                memory_order_relaxed, memory_order_relaxed);
}

// The text with this number, and its place or NULL; false when it is no longer kept.
static bool
text_read(uint32_t number, uint64_t words[TEXT_WORDS], const char **where)
{
    struct text *t = &texts[number % ERROR_TEXTS];
    // acquire: pairs with the release in error_new.
    if (atomic_load_explicit(&t->number, memory_order_acquire) != number)
        return false;
    *where = (const char *)atomic_load_explicit(&t->where, memory_order_relaxed);
    for (int i = 0; i < TEXT_WORDS; i++)
        words[i] = atomic_load_explicit(&t->text[i], memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire); // pairs with the release fence in error_new
    return atomic_load_explicit(&t->number, memory_order_relaxed) == number;
}

bool
error_text(int code, char *text, size_t n)
{
    uint64_t words[TEXT_WORDS];
    const char *where = NULL;
    bool dynamic = code > 0 && code & ERROR_DYNAMIC;
    const struct class_name *c = class_find(dynamic ? error_class(code) : code);
    if (!c) {
        snprintf(text, n, "unknown error code %d", code);
        return false;
    }
    if (!dynamic || !text_read(number_of(code), words, &where))
        snprintf(text, n, "%s: %s", c->name, c->text);
    else if (where)
        snprintf(text, n, "%s: %s: %s", c->name, where, (const char *)words);
    else
        snprintf(text, n, "%s: %s", c->name, (const char *)words);
    return true;
}
