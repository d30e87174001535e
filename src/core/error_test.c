// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "core/error.h"

#include "base/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
text_is(int code, const char *expected)
{
    char text[MPI_MAX_ERROR_STRING];
    CHECK(error_text(code, text, sizeof text));
    if (strcmp(text, expected) != 0)
        printf("'%s' is not '%s'\n", text, expected);
    return strcmp(text, expected) == 0;
}

static void
texts_carry_values_and_a_place(void)
{
    int code = error_new(MPI_ERR_RANK, "rank %d is not in %s (0..%d)", 99, "MPI_COMM_WORLD", 3);
    CHECK(error_class(code) == MPI_ERR_RANK);
    CHECK(text_is(code, "MPI_ERR_RANK: rank 99 is not in MPI_COMM_WORLD (0..3)"));
    error_place(code, "MPI_Send");
    error_place(code, "MPI_Sendrecv"); // the first place stays
    CHECK(text_is(code, "MPI_ERR_RANK: MPI_Send: rank 99 is not in MPI_COMM_WORLD (0..3)"));
    error_place(MPI_ERR_RANK, "MPI_Send"); // a class has no place
    CHECK(text_is(MPI_ERR_RANK, "MPI_ERR_RANK: invalid rank"));
}

static void
old_texts_fall_back_to_the_class(void)
{
    int old = error_new(MPI_ERR_TAG, "tag %d", -5);
    for (int i = 0; i < ERROR_TEXTS; i++)
        error_new(MPI_ERR_COUNT, "count %d", -i);
    CHECK(error_class(old) == MPI_ERR_TAG);
    CHECK(text_is(old, "MPI_ERR_TAG: invalid tag"));
    error_place(old, "MPI_Send"); // not the place of the text that stands there now
    CHECK(text_is(old, "MPI_ERR_TAG: invalid tag"));
}

static void
long_texts_are_cut(void)
{
    char word[2000], text[MPI_MAX_ERROR_STRING], small[10];
    memset(word, 'x', sizeof word - 1);
    word[sizeof word - 1] = 0;
    int code = error_new(MPI_ERR_OTHER, "%s", word);
    CHECK(error_text(code, text, sizeof text));
    CHECK(strlen(text) > 400 && strlen(text) < sizeof text);
    CHECK(error_text(code, small, sizeof small) && strcmp(small, "MPI_ERR_O") == 0);
}

static void
unknown_codes_are_told(void)
{
    static const int unknown[] = {-1, 63, 255, 1000, 1019, MPI_ERR_LASTCODE + 1, INT32_MIN, -7777};
    char text[MPI_MAX_ERROR_STRING];
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        CHECK(!error_text(unknown[i], text, sizeof text));
        CHECK(strstr(text, "unknown error code"));
        CHECK(!error_class_name(unknown[i]));
    }
    for (int c = MPI_SUCCESS; c <= MPI_ERR_ABI; c++)
        CHECK(error_class_name(c) && error_text(c, text, sizeof text));
    for (int c = MPI_T_ERR_CANNOT_INIT; c <= MPI_T_ERR_PVAR_NO_ATOMIC; c++)
        CHECK(error_class_name(c) && error_text(c, text, sizeof text));
}

// Each thread's codes give its own texts or, once they are old, the general one; never a mixture.
static void *
make_and_read(void *arg)
{
    int me = *(int *)arg, codes[64];
    char text[MPI_MAX_ERROR_STRING], own[MPI_MAX_ERROR_STRING];
    for (int round = 0; round < 500; round++) {
        for (int i = 0; i < 64; i++) {
            codes[i] = error_new(MPI_ERR_ARG, "thread %d round %d text %d of it", me, round, i);
            error_place(codes[i], "MPI_Test");
        }
        for (int i = 0; i < 64; i++) {
            snprintf(own, sizeof own, "MPI_ERR_ARG: MPI_Test: thread %d round %d text %d of it", me,
                     round, i);
            CHECK(error_text(codes[i], text, sizeof text));
            CHECK(strcmp(text, own) == 0 || strcmp(text, "MPI_ERR_ARG: invalid argument") == 0);
        }
    }
    return NULL;
}

static void
threads_do_not_mix(void)
{
    pthread_t threads[4];
    int ids[4] = {0, 1, 2, 3};
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, make_and_read, &ids[i]) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

int
main(void)
{
    static void (*const cases[])(void) = {
        texts_carry_values_and_a_place,
        old_texts_fall_back_to_the_class,
        long_texts_are_cut,
        unknown_codes_are_told,
        threads_do_not_mix,
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cases[i]();
    return 0;
}
