// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

/* The tool interface's control variables (MPI 5.0, 15.3.6), handles as integers (20.3.2), what the
 * library says of itself (9.1). */
#include "check.h"

#include <string.h>

static int
nothing(void)
{
    return 0;
}

static void
before_init(void)
{
    int n;
    MPI_T_cvar_handle handle = MPI_T_CVAR_HANDLE_NULL;
    CHECK(MPI_T_finalize() == MPI_T_ERR_NOT_INITIALIZED, " ");
    CHECK(MPI_T_cvar_get_num(&n) == MPI_T_ERR_NOT_INITIALIZED, " ");
    CHECK(MPI_T_pvar_get_num(&n) == MPI_T_ERR_NOT_INITIALIZED, " ");
    CHECK(MPI_T_cvar_read(handle, &n) == MPI_T_ERR_NOT_INITIALIZED, " ");
}

static void
one_variable(int index)
{
    char name[64], text[256], cut[5];
    int name_length = sizeof name, text_length = sizeof text, cut_length = sizeof cut;
    int verbosity, bind, scope, found = -1, count, size;
    MPI_Datatype type;
    MPI_T_enum enumtype;
    MPI_T_cvar_handle handle;
    CHECK(MPI_T_cvar_get_info(index, name, &name_length, &verbosity, &type, &enumtype, text,
                              &text_length, &bind, &scope) == MPI_SUCCESS,
          "%d", index);
    CHECK(name_length == (int)strlen(name) + 1 && text_length == (int)strlen(text) + 1, "%s", name);
    CHECK(verbosity >= MPI_T_VERBOSITY_USER_BASIC, "%s", name);
    CHECK(bind == MPI_T_BIND_NO_OBJECT && enumtype == MPI_T_ENUM_NULL, "%s", name);
    MPI_T_cvar_get_info(index, cut, &cut_length, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    CHECK(cut_length == name_length && strncmp(cut, name, 4) == 0 && cut[4] == 0, "'%s'", cut);
    CHECK(MPI_T_cvar_get_index(name, &found) == MPI_SUCCESS && found == index, "%s", name);

    unsigned char old[16], new[16], back[16];
    MPI_Type_size(type, &size);
    memset(new, 0, sizeof new);
    new[0] = 17;
    CHECK(MPI_T_cvar_handle_alloc(index, NULL, &handle, &count) == MPI_SUCCESS && count == 1, " ");
    CHECK(MPI_T_cvar_read(handle, old) == MPI_SUCCESS, "%s", name);
    if (strcmp(name, "muster_interrupt_callback") == 0)
        memcpy(new, &(int (*)(void)){nothing}, sizeof(void *));
    int constant = scope == MPI_T_SCOPE_CONSTANT;
    CHECK(MPI_T_cvar_write(handle, new) == (constant ? MPI_T_ERR_CVAR_SET_NEVER : MPI_SUCCESS),
          "%s", name);
    CHECK(MPI_T_cvar_read(handle, back) == MPI_SUCCESS, "%s", name);
    CHECK(memcmp(constant ? old : new, back, (size_t)size) == 0, "%s", name);
    if (!constant) {
        MPI_T_cvar_write(handle, old);
        CHECK(MPI_T_cvar_write(handle, NULL) == MPI_T_ERR_INVALID, " ");
    }
    CHECK(MPI_T_cvar_handle_free(&handle) == MPI_SUCCESS && handle == MPI_T_CVAR_HANDLE_NULL, " ");
    CHECK(MPI_T_cvar_handle_free(&handle) == MPI_T_ERR_INVALID_HANDLE, " ");
    CHECK(MPI_T_cvar_read(handle, back) == MPI_T_ERR_INVALID_HANDLE, " ");
}

static void
variables(void)
{
    int n, provided, index;
    MPI_T_init_thread(MPI_THREAD_SINGLE, &provided);
    CHECK(MPI_T_cvar_get_num(&n) == MPI_SUCCESS && n > 0, "%d", n);
    for (int i = 0; i < n; i++)
        one_variable(i);
    CHECK(MPI_T_cvar_get_index("muster_interrupt_callback", &index) == MPI_SUCCESS, " ");
    CHECK(MPI_T_cvar_get_index("no_such_variable", &index) == MPI_T_ERR_INVALID_NAME, " ");
    CHECK(MPI_T_cvar_get_info(n, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) ==
              MPI_T_ERR_INVALID_INDEX,
          " ");
    MPI_T_finalize();
}

static void
as_integers(void)
{
    MPI_Comm comm, gone;
    MPI_Group group;
    MPI_Info info;
    MPI_Datatype type;
    int size;
    CHECK(MPI_Comm_toint(MPI_COMM_WORLD) == 0x101, " ");
    CHECK(MPI_Comm_fromint(0x101) == MPI_COMM_WORLD, " ");
    CHECK(MPI_Type_fromint(MPI_Type_toint(MPI_DOUBLE)) == MPI_DOUBLE, " ");
    CHECK(MPI_Op_fromint(MPI_Op_toint(MPI_MAX)) == MPI_MAX, " ");
    CHECK(MPI_Request_fromint(MPI_Request_toint(MPI_REQUEST_NULL)) == MPI_REQUEST_NULL, " ");
    CHECK(MPI_Message_fromint(MPI_Message_toint(MPI_MESSAGE_NO_PROC)) == MPI_MESSAGE_NO_PROC, " ");
    CHECK(MPI_Errhandler_fromint(MPI_Errhandler_toint(MPI_ERRORS_RETURN)) == MPI_ERRORS_RETURN,
          " ");
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_group(comm, &group);
    MPI_Info_create(&info);
    MPI_Type_dup(MPI_INT, &type);
    CHECK(MPI_Comm_toint(comm) >= 4096 && MPI_Comm_fromint(MPI_Comm_toint(comm)) == comm, " ");
    CHECK(MPI_Group_fromint(MPI_Group_toint(group)) == group, " ");
    CHECK(MPI_Info_fromint(MPI_Info_toint(info)) == info, " ");
    CHECK(MPI_Type_fromint(MPI_Type_toint(type)) == type, " ");
    MPI_Group_free(&group);
    MPI_Info_free(&info);
    MPI_Type_free(&type);
    int kept = MPI_Comm_toint(comm), errclass;
    MPI_Comm_free(&comm);
    gone = MPI_Comm_fromint(kept);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    MPI_Error_class(MPI_Comm_size(gone, &size), &errclass);
    CHECK(errclass == MPI_ERR_COMM, "%d", errclass);
}

/* What Fortran's types are is known, and the same as what their datatypes are. */
static void
fortran(void)
{
    static const struct {
        const char *key, *value;
    } known[] = {{"mpi_integer_size", "4"},
                 {"mpi_logical_size", "4"},
                 {"mpi_double_precision_size", "8"},
                 {"mpi_real16_supported", "true"}};
    long long yes[2], no[2];
    char value[16];
    int set = 0, length, found;
    MPI_Info info;
    CHECK(MPI_Abi_get_fortran_info(&info) == MPI_SUCCESS, " ");
    for (int i = 0; i < 4; i++) {
        length = sizeof value;
        MPI_Info_get_string(info, known[i].key, &length, value, &found);
        CHECK(found && strcmp(value, known[i].value) == 0, "%s: %s", known[i].key, value);
    }
    for (int size = 1; size <= 16; size *= 2) {
        memset(yes, 0x77, sizeof yes);
        memset(no, 0x77, sizeof no);
        CHECK(MPI_Abi_get_fortran_booleans(size, yes, no, &set) == MPI_SUCCESS && set, "%d", size);
        signed char first;
        memcpy(&first, yes, 1);
        CHECK(first == 1, "%d", size);
        memcpy(&first, no, 1);
        CHECK(first == 0, "%d", size);
        memcpy(&first, (char *)yes + size - 1, 1);
        CHECK(first == (size == 1), "%d", size);
    }
    MPI_Info_free(&info);
}

static void
fortran_errors(void)
{
    long long yes = 1, no = 0;
    int set, errclass;
    MPI_Info info;
    MPI_Abi_get_fortran_info(&info);
    MPI_Error_class(MPI_Abi_set_fortran_info(info), &errclass);
    CHECK(errclass == MPI_ERR_ABI, "%d", errclass);
    MPI_Error_class(MPI_Abi_set_fortran_booleans(8, &yes, &no), &errclass);
    CHECK(errclass == MPI_ERR_ABI, "%d", errclass);
    MPI_Error_class(MPI_Abi_set_fortran_info(MPI_INFO_NULL), &errclass);
    CHECK(errclass == MPI_ERR_INFO, "%d", errclass);
    MPI_Error_class(MPI_Abi_get_fortran_booleans(3, &yes, &no, &set), &errclass);
    CHECK(errclass == MPI_ERR_ARG, "%d", errclass);
    MPI_Error_class(MPI_Abi_set_fortran_booleans(-1, &yes, &no), &errclass);
    CHECK(errclass == MPI_ERR_ARG, "%d", errclass);
    MPI_Error_class(MPI_Abi_get_fortran_booleans(4, &yes, &no, NULL), &errclass);
    CHECK(errclass == MPI_ERR_ARG, "%d", errclass);
    MPI_Error_class(MPI_Abi_get_fortran_info(NULL), &errclass);
    CHECK(errclass == MPI_ERR_ARG, "%d", errclass);
    MPI_Info_free(&info);
}

static void
about(void)
{
    char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int a, b, length;
    MPI_Get_version(&a, &b);
    CHECK(a == 5 && b == 0, "%d.%d", a, b);
    MPI_Abi_get_version(&a, &b);
    CHECK(a == 1 && b == 0, "%d.%d", a, b);
    MPI_Get_library_version(text, &length);
    CHECK(length == (int)strlen(text) && strstr(text, "Muster"), "'%s'", text);
    MPI_Info info;
    char value[16];
    length = sizeof value;
    MPI_Abi_get_info(&info);
    MPI_Info_get_string(info, "mpi_count_size", &length, value, &a);
    CHECK(a && strcmp(value, "8") == 0, "'%s'", value);
    MPI_Info_free(&info);
    fortran();
    CHECK(MPI_Pcontrol(1) == MPI_SUCCESS && MPI_Pcontrol(-3, "x", 2.0) == MPI_SUCCESS, " ");
}

int
main(int argc, char **argv)
{
    before_init();
    about();
    MPI_Init(&argc, &argv);
    before_init();
    variables();
    as_integers();
    fortran_errors();
    about();
    MPI_Finalize();
    about();
    return 0;
}
