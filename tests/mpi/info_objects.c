// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* Info objects (MPI 5.0, chapter 10), at any time. */
#include "errors.h"

#include <string.h>

static void
expect_value(MPI_Info info, const char *key, const char *expected)
{
    char value[MPI_MAX_INFO_VAL];
    int length = sizeof value, flag = -1;
    CHECK(MPI_Info_get_string(info, key, &length, value, &flag) == MPI_SUCCESS, "%s", key);
    CHECK(flag == (expected != NULL), "%s: flag %d", key, flag);
    if (expected)
        CHECK(strcmp(value, expected) == 0 && length == (int)strlen(expected) + 1, "%s: '%s' (%d)",
              key, value, length);
}

static void
set_and_get(void)
{
    MPI_Info info, copy;
    char key[MPI_MAX_INFO_KEY], value[8];
    int n, length, flag;
    CHECK(MPI_Info_create(&info) == MPI_SUCCESS && info != MPI_INFO_NULL, " ");
    MPI_Info_set(info, "one", "first");
    MPI_Info_set(info, "two", "second");
    MPI_Info_set(info, "three", "");
    MPI_Info_set(info, "one", "another first");
    MPI_Info_get_nkeys(info, &n);
    CHECK(n == 3, "%d keys", n);
    expect_value(info, "one", "another first");
    expect_value(info, "three", "");
    expect_value(info, "One", NULL); // case matters
    MPI_Info_get_nthkey(info, 1, key);
    CHECK(strcmp(key, "two") == 0, "'%s'", key);

    length = 0; // asks for the length alone
    MPI_Info_get_string(info, "one", &length, NULL, &flag);
    CHECK(flag && length == 14, "%d", length);
    length = sizeof value; // cut
    MPI_Info_get_string(info, "one", &length, value, &flag);
    CHECK(flag && length == 14 && strcmp(value, "another") == 0, "'%s' %d", value, length);
    MPI_Info_get(info, "two", 3, value, &flag);
    CHECK(flag && strcmp(value, "sec") == 0, "'%s'", value);
    MPI_Info_get_valuelen(info, "two", &length, &flag);
    CHECK(flag && length == 6, "%d", length);
    MPI_Info_get_valuelen(info, "none", &length, &flag);
    CHECK(!flag, " ");

    MPI_Info_dup(info, &copy);
    MPI_Info_delete(info, "one");
    expect_value(info, "one", NULL);
    expect_value(copy, "one", "another first");
    MPI_Info_get_nthkey(info, 0, key);
    CHECK(strcmp(key, "two") == 0, "'%s'", key);
    MPI_Info_free(&info);
    MPI_Info_free(&copy);
    CHECK(info == MPI_INFO_NULL, " ");
}

static void
many_keys(void)
{
    MPI_Info info;
    char key[32], value[32];
    MPI_Info_create(&info);
    for (int i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "key %d", i);
        snprintf(value, sizeof value, "value %d", i * i);
        MPI_Info_set(info, key, value);
    }
    for (int i = 0; i < 300; i += 2) {
        snprintf(key, sizeof key, "key %d", i);
        MPI_Info_delete(info, key);
    }
    for (int i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "key %d", i);
        snprintf(value, sizeof value, "value %d", i * i);
        expect_value(info, key, i % 2 ? value : NULL);
    }
    MPI_Info_free(&info);
}

// What a process always knows of itself.
static void
environment(char **argv)
{
    MPI_Info info;
    char *made_up[] = {"program", "with", "arguments"};
    char size[16], value[MPI_MAX_INFO_VAL];
    int flag, length = sizeof value;
    MPI_Info_create_env(3, made_up, &info);
    expect_value(info, "command", "program");
    expect_value(info, "argv", "with arguments");
    MPI_Info_set(info, "command", "a copy may be changed");
    MPI_Info_free(&info);
    expect_value(MPI_INFO_ENV, "command", argv[0]);
    MPI_Info_get_string(MPI_INFO_ENV, "wdir", &length, value, &flag);
    CHECK(flag && value[0] == '/', "'%s'", value);
    MPI_Initialized(&flag);
    if (!flag)
        return;
    MPI_Finalized(&flag);
    if (flag)
        return;
    snprintf(size, sizeof size, "%d", world_size());
    expect_value(MPI_INFO_ENV, "maxprocs", size);
}

static void
mistakes(void)
{
    MPI_Info info, copy;
    char text[2000], value[4];
    int n, flag, length = sizeof value;
    memset(text, 'k', sizeof text - 1);
    text[sizeof text - 1] = 0;
    MPI_Info_create(&info);
    CHECK(class_of(MPI_Info_set(info, "", "x")) == MPI_ERR_INFO_KEY, " ");
    CHECK(class_of(MPI_Info_set(info, NULL, "x")) == MPI_ERR_INFO_KEY, " ");
    CHECK(class_of(MPI_Info_set(info, text, "x")) == MPI_ERR_INFO_KEY, " ");
    CHECK(class_of(MPI_Info_set(info, "k", text)) == MPI_ERR_INFO_VALUE, " ");
    CHECK(class_of(MPI_Info_set(info, "k", NULL)) == MPI_ERR_INFO_VALUE, " ");
    text[MPI_MAX_INFO_VAL - 1] = 0; // the longest
    CHECK(MPI_Info_set(info, "k", text) == MPI_SUCCESS, " ");
    text[MPI_MAX_INFO_KEY - 1] = 0;
    CHECK(MPI_Info_set(info, text, "") == MPI_SUCCESS, " ");
    CHECK(class_of(MPI_Info_delete(info, "none")) == MPI_ERR_INFO_NOKEY, " ");
    CHECK(class_of(MPI_Info_get_nthkey(info, 2, text)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Info_get_nthkey(info, -1, text)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Info_get_string(info, "k", &length, NULL, &flag)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Info_get(info, "k", -1, value, &flag)) == MPI_ERR_ARG, " ");
    CHECK(class_of(MPI_Info_set(MPI_INFO_ENV, "k", "v")) == MPI_ERR_INFO, " ");
    CHECK(class_of(MPI_Info_set(MPI_INFO_NULL, "k", "v")) == MPI_ERR_INFO, " ");
    CHECK(class_of(MPI_Info_get_nkeys((MPI_Info)MPI_INT, &n)) == MPI_ERR_INFO, " ");
    copy = MPI_INFO_ENV;
    CHECK(class_of(MPI_Info_free(&copy)) == MPI_ERR_INFO, " ");
    copy = info;
    MPI_Info_free(&info);
    CHECK(class_of(MPI_Info_get_nkeys(copy, &n)) == MPI_ERR_INFO, " ");
    CHECK(class_of(MPI_Info_free(&copy)) == MPI_ERR_INFO, " ");
}

int
main(int argc, char **argv)
{
    set_and_get();
    environment(argv);
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    set_and_get();
    many_keys();
    environment(argv);
    mistakes();
    MPI_Finalize();
    set_and_get();
    return 0;
}
