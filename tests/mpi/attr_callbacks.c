// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Attributes (MPI 5.0, 7.7): when the user's functions are called, in which order, with what, and
 * what becomes of what they return. */
#include "errors.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

#define MANY 40

/* ---- what the functions were called with ---- */

static struct {
    char what;
    int keyval;
    void *value, *extra;
} calls[4 * MANY];
static int ncalls;
static int answer; // what the functions return

static void
note(char what, int keyval, void *value, void *extra)
{
    if (ncalls < 4 * MANY) {
        calls[ncalls].what = what;
        calls[ncalls].keyval = keyval;
        calls[ncalls].value = value;
        calls[ncalls].extra = extra;
    }
    ncalls++;
}

static void
expect_calls(const char *what)
{
    CHECK(ncalls == (int)strlen(what), "%d calls instead of '%s'", ncalls, what);
    for (int i = 0; i < ncalls; i++)
        CHECK(calls[i].what == what[i], "call %d is %c of '%s'", i, calls[i].what, what);
    ncalls = 0;
}

static int
copy_next(MPI_Comm comm, int keyval, void *extra, void *in, void *out, int *flag)
{
    int size;
    CHECK(MPI_Comm_size(comm, &size) == MPI_SUCCESS, " "); // MPI may be called here
    note('c', keyval, in, extra);
    *(void **)out = (char *)in + 1;
    *flag = 1;
    return answer;
}

static int
copy_no(MPI_Comm comm, int keyval, void *extra, void *in, void *out, int *flag)
{
    (void)comm, (void)out;
    note('n', keyval, in, extra);
    *flag = 0;
    return answer;
}

static int
erase(MPI_Comm comm, int keyval, void *value, void *extra)
{
    int size;
    CHECK(MPI_Comm_size(comm, &size) == MPI_SUCCESS, "the handle is not valid");
    note('d', keyval, value, extra);
    return answer;
}

static void *
get(MPI_Comm comm, int keyval)
{
    void *value = NULL;
    int flag = -1, err = MPI_Comm_get_attr(comm, keyval, &value, &flag);
    CHECK(err == MPI_SUCCESS && (flag == 0 || flag == 1), "%d, flag %d", err, flag);
    return flag ? value : NULL;
}

/* ---- communicators ---- */

static char values[MANY + 2], state;

static void
set_and_replace(void)
{
    MPI_Comm comm;
    int keyval;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    CHECK(MPI_Comm_create_keyval(copy_next, erase, &keyval, &state) == MPI_SUCCESS, " ");
    CHECK(keyval != MPI_KEYVAL_INVALID, " ");
    CHECK(get(comm, keyval) == NULL, "there is one");
    CHECK(MPI_Comm_set_attr(comm, keyval, &values[0]) == MPI_SUCCESS, " ");
    expect_calls("");
    CHECK(get(comm, keyval) == &values[0], " ");
    CHECK(MPI_Comm_set_attr(comm, keyval, &values[1]) == MPI_SUCCESS, " ");
    CHECK(calls[0].value == &values[0] && calls[0].extra == &state && calls[0].keyval == keyval,
          " ");
    expect_calls("d");
    CHECK(get(comm, keyval) == &values[1], " ");
    CHECK(get(MPI_COMM_WORLD, keyval) == NULL, "another communicator has it");
    CHECK(MPI_Comm_delete_attr(comm, keyval) == MPI_SUCCESS, " ");
    CHECK(calls[0].value == &values[1], " ");
    expect_calls("d");
    CHECK(get(comm, keyval) == NULL, " ");
    CHECK(MPI_Comm_set_attr(comm, keyval, NULL) == MPI_SUCCESS, "a null value");
    MPI_Comm_free(&comm);
    expect_calls("d");
    MPI_Comm_free_keyval(&keyval);
    CHECK(keyval == MPI_KEYVAL_INVALID, " ");
}

// Copies are made in the order in which the attributes were set; what is not copied is not there.
static void
copies_in_order(void)
{
    int keyvals[MANY], none, same;
    MPI_Comm comm, dup;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &none, NULL);
    MPI_Comm_create_keyval(MPI_COMM_DUP_FN, MPI_COMM_NULL_DELETE_FN, &same, NULL);
    for (int i = 0; i < MANY; i++) {
        MPI_Comm_create_keyval(i % 4 == 3 ? copy_no : copy_next, erase, &keyvals[i], &keyvals[i]);
        MPI_Comm_set_attr(comm, keyvals[i], &values[i]);
    }
    MPI_Comm_set_attr(comm, none, &state);
    MPI_Comm_set_attr(comm, same, &state);
    CHECK(MPI_Comm_dup(comm, &dup) == MPI_SUCCESS, " ");
    CHECK(ncalls == MANY, "%d calls", ncalls);
    for (int i = 0; i < MANY; i++) {
        CHECK(calls[i].keyval == keyvals[i] && calls[i].value == &values[i], "call %d", i);
        CHECK(calls[i].extra == &keyvals[i], "call %d", i);
        CHECK(get(dup, keyvals[i]) == (i % 4 == 3 ? NULL : &values[i + 1]), "%d", i);
        CHECK(get(comm, keyvals[i]) == &values[i], "%d", i);
    }
    ncalls = 0;
    CHECK(get(dup, none) == NULL && get(dup, same) == &state, " ");
    MPI_Comm_free(&dup);
    CHECK(ncalls == MANY - MANY / 4, "%d calls", ncalls);
    ncalls = 0;
    CHECK(MPI_Comm_split(comm, 0, 0, &dup) == MPI_SUCCESS, " "); // copies none
    CHECK(ncalls == 0 && get(dup, same) == NULL, " ");
    MPI_Comm_free(&dup);
    for (int i = 0; i < MANY; i++)
        MPI_Comm_free_keyval(&keyvals[i]);
    MPI_Comm_free(&comm);
    CHECK(ncalls == MANY, "%d calls", ncalls);
    ncalls = 0;
    MPI_Comm_free_keyval(&none);
    MPI_Comm_free_keyval(&same);
}

// What a function returns ends the call, and nothing has changed.
static void
refusals(void)
{
    MPI_Comm comm, dup = MPI_COMM_SELF;
    int keyval, kept, code, own;
    MPI_Add_error_class(&own);
    MPI_Add_error_code(own, &code);
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Comm_create_keyval(copy_next, erase, &keyval, NULL);
    MPI_Comm_create_keyval(MPI_COMM_DUP_FN, erase, &kept, NULL);
    MPI_Comm_set_attr(comm, kept, &values[5]);
    MPI_Comm_set_attr(comm, keyval, &values[3]);
    answer = MPI_ERR_INTERN;
    int err = MPI_Comm_set_attr(comm, keyval, &values[4]);
    CHECK(class_of(err) == MPI_ERR_INTERN, "%d", err);
    check_text(err, "delete function");
    CHECK(get(comm, keyval) == &values[3], " ");
    err = MPI_Comm_delete_attr(comm, keyval);
    CHECK(class_of(err) == MPI_ERR_INTERN && get(comm, keyval) == &values[3], "%d", err);
    MPI_Comm same = comm;
    err = MPI_Comm_free(&comm);
    CHECK(class_of(err) == MPI_ERR_INTERN && comm == same, "%d", err);
    CHECK(get(comm, keyval) == &values[3] && get(comm, kept) == &values[5], " ");
    ncalls = 0;
    answer = code; // a code of the user's comes back as it is
    err = MPI_Comm_dup(comm, &dup);
    CHECK(err == code && dup == MPI_COMM_NULL, "%d", err);
    expect_calls("cd"); // `kept` had been copied
    answer = 77777;     // no code at all
    err = MPI_Comm_delete_attr(comm, keyval);
    CHECK(class_of(err) == MPI_ERR_OTHER, "%d", err);
    check_text(err, "77777");
    answer = MPI_SUCCESS;
    ncalls = 0;
    CHECK(MPI_Comm_free(&comm) == MPI_SUCCESS, " ");
    expect_calls("dd");
    MPI_Comm_free_keyval(&keyval);
    MPI_Comm_free_keyval(&kept);
    MPI_Remove_error_code(code);
    MPI_Remove_error_class(own);
}

// A keyval that was freed lives on in its attributes: their functions are called, and may use it.
static int
erase_by_keyval(MPI_Comm comm, int keyval, void *value, void *extra)
{
    void *found = NULL;
    int flag = 0;
    note('d', keyval, value, extra);
    CHECK(MPI_Comm_get_attr(comm, keyval, &found, &flag) == MPI_SUCCESS && flag, " ");
    CHECK(found == value, " ");
    CHECK(MPI_Comm_delete_attr(comm, keyval) == MPI_SUCCESS, "it is under way");
    CHECK(MPI_Comm_free_keyval(&keyval) == MPI_SUCCESS, " ");
    return MPI_SUCCESS;
}

static void
freed_keyvals(void)
{
    MPI_Comm comm, dup;
    int keyval, number, err;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Comm_create_keyval(MPI_COMM_DUP_FN, erase_by_keyval, &keyval, NULL);
    number = keyval;
    MPI_Comm_set_attr(comm, keyval, &values[7]);
    MPI_Comm_free_keyval(&keyval);
    MPI_Comm_dup(comm, &dup);
    CHECK(get(dup, number) == &values[7], " ");
    CHECK(class_of(err = MPI_Comm_set_attr(dup, number, NULL)) == MPI_ERR_KEYVAL, "%d", err);
    MPI_Comm_free(&comm);
    expect_calls("d");
    CHECK(MPI_Comm_delete_attr(dup, number) == MPI_SUCCESS, " ");
    expect_calls("d");
    CHECK(class_of(err = MPI_Comm_delete_attr(dup, number)) == MPI_ERR_KEYVAL, "%d", err);
    check_text(err, "was freed");
    MPI_Comm_free(&dup);
}

// One that its own delete function frees is freed once.
static int
erase_and_free(MPI_Comm comm, int keyval, void *value, void *extra)
{
    note('d', keyval, value, extra);
    MPI_Comm_free(&comm);
    return MPI_SUCCESS;
}

static void
freed_inside(void)
{
    MPI_Comm comm;
    int keyval, err;
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, erase_and_free, &keyval, NULL);
    MPI_Comm_set_attr(comm, keyval, NULL);
    CHECK(class_of(err = MPI_Comm_free(&comm)) == MPI_ERR_COMM, "%d", err);
    expect_calls("d");
    MPI_Comm_free_keyval(&keyval);
}

/* ---- datatypes ---- */

static int
type_copy(MPI_Datatype type, int keyval, void *extra, void *in, void *out, int *flag)
{
    int size;
    CHECK(MPI_Type_size(type, &size) == MPI_SUCCESS, " ");
    note('c', keyval, in, extra);
    *(void **)out = in;
    *flag = 1;
    return answer;
}

static int
type_erase(MPI_Datatype type, int keyval, void *value, void *extra)
{
    int size;
    CHECK(MPI_Type_size(type, &size) == MPI_SUCCESS, " ");
    note('d', keyval, value, extra);
    return answer;
}

static void
datatypes(void)
{
    MPI_Datatype type, dup = MPI_INT;
    int keyval, other, flag, err;
    void *value;
    MPI_Type_create_keyval(type_copy, type_erase, &keyval, &state);
    MPI_Comm_create_keyval(NULL, NULL, &other, NULL);
    MPI_Type_dup(MPI_INT, &type);
    CHECK(MPI_Type_get_attr(type, keyval, &value, &flag) == MPI_SUCCESS && !flag, " ");
    CHECK(MPI_Type_set_attr(type, keyval, &values[1]) == MPI_SUCCESS, " ");
    CHECK(MPI_Type_get_attr(type, keyval, &value, &flag) == MPI_SUCCESS && flag, " ");
    CHECK(value == &values[1], " ");
    MPI_Type_dup(type, &dup);
    CHECK(calls[0].extra == &state, " ");
    expect_calls("c");
    MPI_Type_free(&dup);
    expect_calls("d");
    answer = MPI_ERR_OTHER;
    CHECK(class_of(err = MPI_Type_dup(type, &dup)) == MPI_ERR_OTHER, "%d", err);
    CHECK(dup == MPI_DATATYPE_NULL, " ");
    CHECK(class_of(err = MPI_Type_free(&type)) == MPI_ERR_OTHER, "%d", err);
    CHECK(MPI_Type_get_attr(type, keyval, &value, &flag) == MPI_SUCCESS && flag, " ");
    answer = MPI_SUCCESS;
    ncalls = 0;
    CHECK(MPI_Type_delete_attr(type, keyval) == MPI_SUCCESS, " ");
    expect_calls("d");
    MPI_Type_free(&type);
    expect_calls("");
    CHECK(MPI_Type_set_attr(MPI_INT, keyval, &values[2]) == MPI_SUCCESS, "a predefined one");
    CHECK(MPI_Type_delete_attr(MPI_INT, keyval) == MPI_SUCCESS, " ");
    expect_calls("d");
    CHECK(class_of(err = MPI_Type_set_attr(MPI_INT, other, NULL)) == MPI_ERR_KEYVAL, "%d", err);
    check_text(err, "one for communicators, not for datatypes");
    CHECK(class_of(err = MPI_Type_get_attr(MPI_INT, MPI_TAG_UB, &value, &flag)) == MPI_ERR_KEYVAL,
          "%d", err);
    CHECK(class_of(err = MPI_Type_free_keyval(&other)) == MPI_ERR_KEYVAL, "%d", err);
    CHECK(class_of(err = MPI_Comm_free_keyval(&keyval)) == MPI_ERR_KEYVAL, "%d", err);
    MPI_Comm_free_keyval(&other);
    MPI_Type_free_keyval(&keyval);
}

/* ---- predefined ones, errors, old names ---- */

static void
predefined(void)
{
    int *value, flag, err, code;
    const int one_of[] = {MPI_TAG_UB,          MPI_IO,           MPI_HOST,
                          MPI_WTIME_IS_GLOBAL, MPI_LASTUSEDCODE, MPI_UNIVERSE_SIZE};
    for (size_t i = 0; i < sizeof one_of / sizeof *one_of; i++) {
        CHECK(MPI_Comm_get_attr(MPI_COMM_WORLD, one_of[i], &value, &flag) == MPI_SUCCESS && flag,
              "%zu", i);
        err = MPI_Comm_set_attr(MPI_COMM_WORLD, one_of[i], NULL);
        CHECK(class_of(err) == MPI_ERR_KEYVAL, "%d", err);
        check_text(err, "predefined");
        err = MPI_Comm_delete_attr(MPI_COMM_SELF, one_of[i]);
        CHECK(class_of(err) == MPI_ERR_KEYVAL, "%d", err);
        int keyval = one_of[i];
        CHECK(class_of(err = MPI_Comm_free_keyval(&keyval)) == MPI_ERR_KEYVAL, "%d", err);
        CHECK(keyval == one_of[i], " ");
    }
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &value, &flag);
    CHECK(*value == INT_MAX, "%d", *value);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_UNIVERSE_SIZE, &value, &flag);
    CHECK(*value >= world_size(), "%d", *value);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_APPNUM, &value, &flag);
    CHECK(flag ? *value == 0 : world_size() == 1, "flag %d", flag); // none without mpiexec
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &value, &flag);
    int before = *value;
    CHECK(before >= MPI_ERR_LASTCODE, "%d", before);
    MPI_Add_error_class(&code);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_LASTUSEDCODE, &value, &flag);
    CHECK(*value == code && code > before, "%d, %d", *value, code);
    MPI_Remove_error_class(code);
}

static void
errors(void)
{
    int keyval, old, flag, err;
    void *value;
    MPI_Comm_create_keyval(NULL, NULL, &keyval, NULL);
    old = keyval;
    MPI_Comm_free_keyval(&keyval);
    const int bad[] = {old, MPI_KEYVAL_INVALID, -1, 1, 12345, INT_MAX, INT_MIN, MPI_WIN_BASE};
    const char *const why[] = {"was freed",       "MPI_KEYVAL_INVALID", "-1 is not",
                               "1 is not",        "12345 is not",       "is not a keyval",
                               "is not a keyval", "MPI_WIN_BASE"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(class_of(err = MPI_Comm_set_attr(MPI_COMM_WORLD, bad[i], NULL)) == MPI_ERR_KEYVAL,
              "%zu: %d", i, err);
        check_text(err, why[i]);
        err = MPI_Comm_get_attr(MPI_COMM_WORLD, bad[i], &value, &flag);
        CHECK(class_of(err) == MPI_ERR_KEYVAL, "%zu: %d", i, err);
        CHECK(class_of(err = MPI_Comm_delete_attr(MPI_COMM_WORLD, bad[i])) == MPI_ERR_KEYVAL,
              "%zu: %d", i, err);
        keyval = bad[i];
        CHECK(class_of(err = MPI_Comm_free_keyval(&keyval)) == MPI_ERR_KEYVAL, "%zu: %d", i, err);
    }
    MPI_Comm_create_keyval(NULL, NULL, &keyval, NULL);
    CHECK(class_of(err = MPI_Comm_delete_attr(MPI_COMM_WORLD, keyval)) == MPI_ERR_KEYVAL, "%d",
          err);
    check_text(err, "there is no attribute");
    CHECK(class_of(err = MPI_Comm_set_attr(MPI_COMM_NULL, keyval, NULL)) == MPI_ERR_COMM, "%d",
          err);
    err = MPI_Comm_get_attr(MPI_COMM_WORLD, keyval, NULL, &flag);
    CHECK(class_of(err) == MPI_ERR_ARG, "%d", err);
    err = MPI_Comm_get_attr(MPI_COMM_WORLD, keyval, &value, NULL);
    CHECK(class_of(err) == MPI_ERR_ARG, "%d", err);
    CHECK(class_of(err = MPI_Comm_create_keyval(NULL, NULL, NULL, NULL)) == MPI_ERR_ARG, "%d", err);
    CHECK(class_of(err = MPI_Comm_free_keyval(NULL)) == MPI_ERR_ARG, "%d", err);
    CHECK(class_of(err = MPI_Type_set_attr(MPI_DATATYPE_NULL, keyval, NULL)) == MPI_ERR_TYPE, "%d",
          err);
    MPI_Comm_free_keyval(&keyval);
    for (int i = 0; i < 3000; i++) { // numbers come again only after a while
        int next;
        MPI_Comm_create_keyval(NULL, NULL, &next, NULL);
        CHECK(i > 200 || next != old, "%d", i);
        MPI_Comm_free_keyval(&next);
    }
}

static void
old_names(void)
{
    MPI_Comm comm, dup;
    int keyval, none, flag;
    void *value;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    CHECK(MPI_Keyval_create(MPI_DUP_FN, erase, &keyval, NULL) == MPI_SUCCESS, " ");
    CHECK(MPI_Keyval_create(MPI_NULL_COPY_FN, MPI_NULL_DELETE_FN, &none, NULL) == MPI_SUCCESS, " ");
    CHECK(MPI_Attr_put(comm, keyval, &values[1]) == MPI_SUCCESS, " ");
    CHECK(MPI_Attr_put(comm, none, &values[2]) == MPI_SUCCESS, " ");
    MPI_Comm_dup(comm, &dup);
    CHECK(MPI_Attr_get(dup, keyval, &value, &flag) == MPI_SUCCESS && flag, " ");
    CHECK(value == &values[1], " ");
    CHECK(MPI_Attr_get(dup, none, &value, &flag) == MPI_SUCCESS && !flag, " ");
    CHECK(MPI_Attr_delete(dup, keyval) == MPI_SUCCESS, " ");
    expect_calls("d");
    CHECK(class_of(MPI_Attr_delete(dup, keyval)) == MPI_ERR_KEYVAL, " ");
    MPI_Comm_free(&dup);
    expect_calls("");
    MPI_Comm_free(&comm);
    expect_calls("d");
    MPI_Keyval_free(&keyval);
    MPI_Keyval_free(&none);
}

/* ---- threads ---- */

static int
erase_slowly(MPI_Comm comm, int keyval, void *value, void *extra)
{
    (void)keyval, (void)value;
    int size;
    for (int i = 0; i < 5; i++)
        MPI_Comm_size(comm, &size);
    __atomic_fetch_add((int *)extra, 1, __ATOMIC_RELAXED);
    return MPI_SUCCESS;
}

static int deleted;

static void *
thread(void *arg)
{
    MPI_Comm comm = *(MPI_Comm *)arg;
    for (int i = 0; i < 300; i++) {
        int keyval;
        MPI_Comm_create_keyval(MPI_COMM_DUP_FN, erase_slowly, &keyval, &deleted);
        MPI_Comm_set_attr(comm, keyval, arg);
        CHECK(get(comm, keyval) == arg, " ");
        MPI_Comm_delete_attr(comm, keyval);
        MPI_Comm_free_keyval(&keyval);
    }
    return NULL;
}

static void
threads(void)
{
    pthread_t ids[4];
    MPI_Comm comm;
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    for (int i = 0; i < 4; i++)
        pthread_create(&ids[i], NULL, thread, &comm);
    for (int i = 0; i < 4; i++)
        pthread_join(ids[i], NULL);
    CHECK(deleted == 4 * 300, "%d", deleted);
    MPI_Comm_free(&comm);
}

/* ---- the end ---- */

static int left = MANY;

// The last set comes first, and MPI still runs.
static int
at_the_end(MPI_Comm comm, int keyval, void *value, void *extra)
{
    int flag, result;
    (void)keyval, (void)extra;
    MPI_Finalized(&flag);
    MPI_Comm_compare(comm, MPI_COMM_SELF, &result);
    CHECK(!flag && result == MPI_IDENT, " ");
    left--;
    CHECK(value == &values[left], "%d is left", left);
    if (left == MANY / 2)
        return MPI_ERR_ARG; // the others are called nevertheless, and MPI_Finalize returns it
    MPI_Sendrecv(&flag, 1, MPI_INT, (world_rank() + 1) % world_size(), 1, &result, 1, MPI_INT,
                 (world_rank() + world_size() - 1) % world_size(), 1, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    return MPI_SUCCESS;
}

static int left_of_world = 2;

// After those of MPI_COMM_SELF, and in the same order.
static int
at_the_end_of_world(MPI_Comm comm, int keyval, void *value, void *extra)
{
    (void)keyval, (void)extra;
    CHECK(comm == MPI_COMM_WORLD && !left, "%d of MPI_COMM_SELF are left", left);
    CHECK(value == &values[--left_of_world], "%d is left", left_of_world);
    return MPI_SUCCESS;
}

static void
set_for_the_end(void)
{
    for (int i = 0; i < 2; i++) {
        int keyval;
        MPI_Comm_create_keyval(NULL, at_the_end_of_world, &keyval, NULL);
        MPI_Comm_set_attr(MPI_COMM_WORLD, keyval, &values[i]);
        MPI_Comm_free_keyval(&keyval);
    }
    for (int i = 0; i < MANY; i++) {
        int keyval;
        MPI_Comm_create_keyval(NULL, at_the_end, &keyval, NULL);
        MPI_Comm_set_attr(MPI_COMM_SELF, keyval, &values[i]);
        MPI_Comm_free_keyval(&keyval);
    }
}

int
main(void)
{
    int provided;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &provided);
    set_and_replace();
    copies_in_order();
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    refusals();
    freed_keyvals();
    freed_inside();
    datatypes();
    predefined();
    errors();
    old_names();
    threads();
    set_for_the_end();
    int err = MPI_Finalize(), errclass;
    MPI_Error_class(err, &errclass);
    if (left || left_of_world || errclass != MPI_ERR_ARG)
        return fprintf(stderr, "%d and %d are left, error class %d\n", left, left_of_world,
                       errclass),
               1;
    return 0;
}
