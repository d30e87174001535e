# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""include/mpi.h against include/mpi_abi.h of the mpich package: the same ABI, name by name.

That header is looked for under the prefix in MUSTER_MPICH, else under sys.prefix, where
`pip install mpich` puts it. Values are those that a compiler sees; prototypes are compared as text
without parameter names, and once more by declaring the other header's functions after ours.
"""

import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "include" / "mpi.h"
MPICH_OLDEST = (5, 0, 2)
CC = shlex.split(os.environ.get("CC", "cc"))
STRICT = ["-pedantic", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wundef", "-Werror"]

# 452 functions, of which 161 have a form with large counts (_c), and 51 of the tool interface.
FUNCTIONS = {"plain": 452, "_c": 161, "MPI_T_": 51}

# Known differences. Names of ours that the other header may lack, with the reason:
ERRATUM = "erratum to MPI 5.0: the count is an int, and MPI_Count in a _c form"
OURS_ONLY = {
    "MPI_Psend_init_c": ERRATUM,
    "MPI_Precv_init_c": ERRATUM,
    "PMPI_Psend_init_c": ERRATUM,
    "PMPI_Precv_init_c": ERRATUM,
}

# names of the other header that we leave out, by prefix:
THEIRS_ONLY = {
    "MPIX_": "an extension of MPICH, not in the standard",
    "PMPIX_": "an extension of MPICH, not in the standard",
}

# and what the other header may have in place of ours:
PARTITIONED = "int({}void *, int, {}, MPI_Datatype, int, int, MPI_Comm, MPI_Info, MPI_Request *)"
T_TAG = (
    "the tag of an opaque struct, which no C program names; that of the MPI Forum is MPI_ABI_T_*"
)
DIFFERENT = {
    "MPI_Psend_init": (PARTITIONED.format("const ", "MPI_Count"), ERRATUM),
    "MPI_Precv_init": (PARTITIONED.format("", "MPI_Count"), ERRATUM),
    "PMPI_Psend_init": (PARTITIONED.format("const ", "MPI_Count"), ERRATUM),
    "PMPI_Precv_init": (PARTITIONED.format("", "MPI_Count"), ERRATUM),
    "MPI_T_enum": ("struct MPI_T_enum_t *", T_TAG),
    "MPI_T_cvar_handle": ("struct MPI_T_cvar_handle_t *", T_TAG),
    "MPI_T_pvar_handle": ("struct MPI_T_pvar_handle_t *", T_TAG),
    "MPI_T_pvar_session": ("struct MPI_T_pvar_session_t *", T_TAG),
    "MPI_T_event_registration": ("struct MPI_T_event_registration_t *", T_TAG),
    "MPI_T_event_instance": ("struct MPI_T_event_instance_t *", T_TAG),
}

# How a constant's type is named in the comparison: all that occur, no two of them compatible.
CONSTANT_TYPES = """
    int; long; long long; void *; char **; char ***; int *; MPI_Status *; MPI_Comm; MPI_Datatype;
    MPI_Errhandler; MPI_File; MPI_Group; MPI_Info; MPI_Message; MPI_Op; MPI_Request; MPI_Session;
    MPI_Win; MPI_T_enum; MPI_T_cvar_handle; MPI_T_pvar_handle; MPI_T_pvar_session;
    MPI_Comm_copy_attr_function *; MPI_Comm_delete_attr_function *;
    MPI_Type_copy_attr_function *; MPI_Type_delete_attr_function *;
    MPI_Win_copy_attr_function *; MPI_Win_delete_attr_function *;
    MPI_Datarep_conversion_function *; MPI_Datarep_conversion_function_c *
"""

VALUES_C = """
#include <stddef.h>
#include <stdio.h>
#include "{header}"
#define KIND(x) _Generic((x), {kinds}, default: "other")
#define VALUE(x) printf("%s = (%s) %lld\\n", #x, KIND(x), (long long)(intptr_t)(x));
#define SIZE(t) printf("%s : %zu aligned %zu\\n", #t, sizeof(t), _Alignof(t));
#define INTEGER(t) printf("%s is %s\\n", #t, KIND((t)0));
#define FIELD(f) \\
    printf("MPI_Status." #f " at %zu : %zu\\n", offsetof(MPI_Status, f), \\
           sizeof(((MPI_Status *)0)->f));
int
main(void)
{{
    {statements}
    return 0;
}}
"""


def run(*command, text=""):
    return subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=120, check=False
    )


def run_checked(*command, text=""):
    done = run(*command, text=text)
    assert done.returncode == 0, f"{shlex.join(command)}:\n{done.stderr}"
    return done.stdout


def mpich_version(prefix):
    """The version of the mpich package under prefix, or None where pip did not install it."""
    for info in prefix.glob("lib/python*/site-packages/mpich-*.dist-info"):
        numbers = re.match(r"mpich-(\d+)\.(\d+)\.(\d+)", info.name)
        return tuple(int(n) for n in numbers.groups()) if numbers else None
    return None


@functools.cache
def theirs():
    """The other header. It is not there: the test fails, with what to do about it."""
    prefix = Path(os.environ.get("MUSTER_MPICH", sys.prefix))
    header = prefix / "include" / "mpi_abi.h"
    oldest = ".".join(str(n) for n in MPICH_OLDEST)
    if not header.is_file():
        pytest.fail(
            f"{header} does not exist: install mpich {oldest} or newer (pip install mpich) and name"
            " its prefix in MUSTER_MPICH",
            pytrace=False,
        )
    version = mpich_version(prefix)
    if version and version < MPICH_OLDEST:
        found = ".".join(str(n) for n in version)
        pytest.fail(f"{header} is of mpich {found}: {oldest} or newer is needed", pytrace=False)
    return header


# ---- reading a header ----------------------------------------------------------------------------


@functools.cache
def preprocessed(header):
    """The header's C as one line with single blanks."""
    return " ".join(run_checked(*CC, "-E", "-P", "-x", "c", str(header)).split())


@functools.cache
def constants(header):
    """Names of macros that have a value, and of enumerators."""
    macros = run_checked(*CC, "-E", "-dM", "-x", "c", str(header))
    names = set(re.findall(r"^#define (P?MPIX?_\w+)[ \t]+\S", macros, re.MULTILINE))
    for body in re.findall(r"\benum(?: \w+)? ?\{([^}]*)\}", preprocessed(header)):
        names.update(re.findall(r"\b(P?MPIX?_\w+) ?=", body))
    return names


def type_of(parameter):
    """The type of one named parameter, arrays as pointers: `const int a[]` is `const int *`."""
    tokens = re.findall(r"\w+|\*|\[|\.\.\.", parameter)
    if tokens in (["void"], ["..."]):
        return tokens[0]
    stars = "*" * sum(t in "*[" for t in tokens)
    words = [t for t in tokens if t not in "*["][:-1]
    return " ".join(words + [stars] if stars else words)


def signature(returned, parameters):
    return f"{returned.strip()}({', '.join(type_of(p) for p in parameters.split(','))})"


@functools.cache
def prototypes(header):
    """{function: signature}."""
    text = preprocessed(header)
    found = re.findall(r"(?<=[;}{] )(\w+) (P?MPIX?_\w+) ?\(([^()]*)\) ?;", text)
    return {name: signature(returned, parameters) for returned, name, parameters in found}


@functools.cache
def function_types(header):
    """{type of a user function: signature}; one that is another's alias has that one's name."""
    text = preprocessed(header)
    found = re.findall(r"\btypedef (\w+) \(?(MPIX?_\w+)\)? ?\(([^()]*)\) ?;", text)
    types = {name: signature(returned, parameters) for returned, name, parameters in found}
    aliases = re.findall(r"\btypedef (\w+) (MPIX?_\w+) ?;", text)
    return types | {new: old for old, new in aliases if old in types}


@functools.cache
def handle_types(header):
    """{handle type: the struct it points to}."""
    found = re.findall(r"\btypedef (struct \w+) ?\* ?(MPIX?_\w+) ?;", preprocessed(header))
    return {name: f"{struct} *" for struct, name in found}


@functools.cache
def object_types(header):
    """Names of all types that an object can have."""
    names = set(re.findall(r"\btypedef [^;{}()]*?\b(MPIX?_\w+) ?;", preprocessed(header)))
    names.update(re.findall(r"\} ?(MPIX?_\w+) ?;", preprocessed(header)))
    return names - set(function_types(header))


@functools.cache
def values(header, folder):
    """{what: text} as a program compiled with the header prints it: values, sizes, offsets."""
    kinds = [t.strip() for t in CONSTANT_TYPES.split(";")]
    statements = [f"VALUE({name})" for name in sorted(constants(header))]
    statements += [f"SIZE({name})" for name in sorted(object_types(header))]
    statements += [f"INTEGER({name})" for name in ("MPI_Aint", "MPI_Offset", "MPI_Count")]
    statements += [f"FIELD({f})" for f in ("MPI_SOURCE", "MPI_TAG", "MPI_ERROR", "MPI_internal")]
    source = VALUES_C.format(
        header=header,
        kinds=", ".join(f'{t}: "{t}"' for t in kinds),
        statements="\n    ".join(statements),
    )
    program = str(folder / header.stem)
    run_checked(*CC, "-std=c11", "-Wall", "-Werror", "-x", "c", "-", "-o", program, text=source)
    return dict(line.split(" ", 1) for line in run_checked(program).splitlines())


# ---- comparing -----------------------------------------------------------------------------------


def differences(mine, other):
    """Sentences, one for each name that differs and is not in the tables above."""
    for name in sorted(set(mine) | set(other)):
        if name not in other and name not in OURS_ONLY:
            yield f"{name} is only in mpi.h: {mine[name]}"
        elif name not in mine and not name.startswith(tuple(THEIRS_ONLY)):
            yield f"{name} is only in the other header: {other[name]}"
        elif name in mine and name in other:
            known = DIFFERENT.get(name, ("",))[0]
            if other[name] not in (mine[name], known):
                yield f"{name}: here {mine[name]}; there {other[name]}"


def check_same(mine, other):
    assert mine and other
    found = list(differences(mine, other))
    assert not found, "\n".join(found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("values")


def test_constants_sizes_and_offsets_are_the_same(folder):
    mine, other = values(OURS, folder), values(theirs(), folder)
    assert len(constants(OURS)) > 300
    assert not [line for line in mine.items() if "other" in line[1]], "a type is not in KIND"
    check_same(mine, other)


def test_status_is_32_bytes(folder):
    assert values(OURS, folder)["MPI_Status"] == ": 32 aligned 4"


def test_prototypes_are_the_same():
    check_same(prototypes(OURS), prototypes(theirs()))


def test_types_of_user_functions_are_the_same():
    check_same(function_types(OURS), function_types(theirs()))


def test_handles_point_to_the_same_structs():
    check_same(handle_types(OURS), handle_types(theirs()))


def test_a_compiler_takes_the_other_prototypes_as_redeclarations():
    known = {*DIFFERENT, *OURS_ONLY}
    text = re.findall(r"(?<=; )\w+ P?MPI_\w+ ?\([^()]*\) ?;", preprocessed(theirs()))
    text = [t for t in text if re.search(r"(\w+) ?\(", t)[1] not in known]
    assert len(text) > 2 * 600
    source = f'#include "{OURS}"\n' + "\n".join(text)
    run_checked(*CC, "-std=c11", "-fsyntax-only", "-Werror", "-x", "c", "-", text=source)


def test_the_comparison_sees_a_difference():
    mine = {"MPI_A": "int(int)", "MPI_B": "int(void)", "MPI_Psend_init_c": "known"}
    other = {"MPI_A": "int(long)", "MPI_C": "int(void)", "MPIX_D": "known"}
    assert [d.split(" ")[0] for d in differences(mine, other)] == ["MPI_A:", "MPI_B", "MPI_C"]


@pytest.mark.parametrize(
    "parameter, expected",
    [
        ("void", "void"),
        (" ...", "..."),
        ("int count", "int"),
        ("const int level", "const int"),
        ("const void *buf", "const void *"),
        ("char ***argv", "char ***"),
        ("char *argv[]", "char **"),
        (" const MPI_Datatype types[]", "const MPI_Datatype *"),
    ],
)
def test_type_of_a_parameter(parameter, expected):
    assert type_of(parameter) == expected


# ---- the header by itself ------------------------------------------------------------------------


def test_number_of_functions():
    names = [name for name in prototypes(OURS) if name.startswith("MPI_")]
    count = {
        "MPI_T_": sum(name.startswith("MPI_T_") for name in names),
        "_c": sum(name.endswith("_c") for name in names),
    }
    count["plain"] = len(names) - sum(count.values())
    assert count == FUNCTIONS
    assert len(names) == 664


def test_every_function_has_both_names():
    mine = prototypes(OURS)
    profiling = {name[1:]: mine[name] for name in mine if name.startswith("PMPI_")}
    assert profiling == {name: mine[name] for name in mine if name.startswith("MPI_")}


def test_every_large_count_form_has_a_plain_one():
    mine = prototypes(OURS)
    assert not [name for name in mine if name.endswith("_c") and name[:-2] not in mine]
    assert not [name for name in mine if name.endswith("_c") and mine[name] == mine[name[:-2]]]


def test_list_of_functions_is_complete():
    listed = run_checked(sys.executable, str(ROOT / "tools" / "abi_functions.py")).split()
    assert listed == list(prototypes(OURS))


def test_list_of_functions_refuses_an_empty_header(tmp_path):
    empty = tmp_path / "empty.h"
    empty.write_text("/*\nint MPI_Send(void);\n*/\n")
    done = run(sys.executable, str(ROOT / "tools" / "abi_functions.py"), str(empty))
    assert done.returncode == 1
    assert f"no MPI function is declared in {empty}" in done.stderr


def compilers():
    languages = [("gcc", "c", "c99"), ("gcc", "c", "c11"), ("gcc", "c", "gnu17")]
    languages += [("g++", "c++", "c++11"), ("g++", "c++", "c++20")]
    languages += [("clang", "c", "c99"), ("clang", "c", "c11"), ("clang++", "c++", "c++11")]
    return [pytest.param(*row, id=" ".join(row)) for row in languages if shutil.which(row[0])]


@pytest.mark.parametrize("compiler, language, standard", compilers())
def test_compiles_without_a_warning(compiler, language, standard):
    """Alone, with default visibility pushed, twice, and with each constant used."""
    source = [
        "#pragma GCC visibility push(default)",
        f'#include "{OURS}"',
        "#pragma GCC visibility pop",
        f'#include "{OURS}"',
        "extern intptr_t all[];",
        "intptr_t all[] = {",
        *[f"    (intptr_t)({name})," for name in sorted(constants(OURS))],
        "};",
        "extern MPI_Status status;",
        "MPI_Status status = {MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_SUCCESS, {0, 0, 0, 0, 0}};",
    ]
    options = [f"-std={standard}", *STRICT, "-fsyntax-only", "-x", language, "-"]
    run_checked(compiler, *options, text="\n".join(source) + "\n")


def test_compiles_after_headers_that_define_macros():
    names = ("assert", "complex", "errno", "math", "stdbool", "stdio", "string", "unistd")
    source = "".join(f"#include <{name}.h>\n" for name in names) + f'#include "{OURS}"\n'
    run_checked(*CC, "-std=gnu11", *STRICT, "-fsyntax-only", "-x", "c", "-", text=source)


def test_a_missing_peer_fails_with_a_clear_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSTER_MPICH", str(tmp_path))
    theirs.cache_clear()
    try:
        with pytest.raises(pytest.fail.Exception, match=r"does not exist: install mpich"):
            theirs()
    finally:
        theirs.cache_clear()


def test_an_old_peer_fails_with_a_clear_sentence(tmp_path, monkeypatch):
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "mpi_abi.h").touch()
    (tmp_path / "lib/python3.11/site-packages/mpich-4.3.2.dist-info").mkdir(parents=True)
    monkeypatch.setenv("MUSTER_MPICH", str(tmp_path))
    theirs.cache_clear()
    try:
        with pytest.raises(pytest.fail.Exception, match=r"is of mpich 4\.3\.2: 5\.0\.2 or newer"):
            theirs()
    finally:
        theirs.cache_clear()
