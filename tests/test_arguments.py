# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Each function of mpi.h with each argument bad in turn, every call in a process of its own.

The answer is an error class, or success where ALLOWED says why. Functions that the library gains
are called without a change here.
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import PREFIX, ROOT, run

sys.path.insert(0, str(ROOT / "tests" / "arguments"))
import header  # noqa: E402

NEVER = {"MPI_Abort"}  # ends the process: that is what it is for
LAST_CLASS = 16383

# What may succeed: (what is wrong, parameter, function), and why that is right.
ALLOWED = [
    ("null pointer", "status|(array_of_)?statuses", ".*", "is MPI_STATUS_IGNORE"),
    ("null pointer", ".*", "MPI_T_.*_get_(info|item)", "15.3.3: what is not wanted"),
    ("null pointer", "argc|argv", ".*", "main's arguments need not be given"),
    ("null pointer", "location|base", "MPI_(Get_address|Free_mem)", "is an address like others"),
    ("null pointer", "extra_state|user_data|obj_handle|attribute_val", ".*", "is the user's"),
    ("null pointer", ".*_(copy|delete)_(attr_)?fn|(copy|delete)_fn", ".*",
     "is MPI_COMM_NULL_COPY_FN and its like"),
    ("null pointer", "(event|dropped|free)_cb_function", ".*", "15.3.8: no callback"),
    ("null pointer", "ranges|ranks|value|pset_name", ".*",
     "nothing is in it: the number beside it is 0"),
    ("null pointer", "(send|recv)buf|(in|out|inout)buf", "MPI_.*(duce|scan|scatter|_w|w_c|w).*",
     "nothing is in it, or it is not looked at"),
    ("null pointer", "sourceweights|destweights|weights|reorder", ".*", "is one of the marks"),
    ("null pointer", "cancel_fn|query_fn|free_fn", ".*", "is never called here"),
    ("in place", "(send|recv)buf", ".*", "MPI_IN_PLACE"),
    ("huge", "offset", "MPI_File_.*", "files may be as large as that"),
    ("null pointer", "(read|write)_conversion_fn", ".*", "14.5.3: MPI_CONVERSION_FN_NULL"),
    ("not committed", ".*",
     "MPI_(Type|Get|Status|T)_.*|MPI_Pack_(external_)?size(_c)?|MPI_File_get_type_extent(_c)?",
     "4.1.9: only what moves data asks for it"),
    ("null handle", "info.*|(array_of_)?info", "(?!MPI_Info_).*", "no hints"),
    ("null handle", "(array_of_)?requests?", "MPI_(Wait|Test|Request_get_status).*",
     "3.7.3: an empty status"),
    ("null handle", "comm|datatype|win", "MPI_(Comm|Type|Win)_get_name", "it has a name"),
    ("null handle", "file|fh", "MPI_File_(get|set|call)_errhandler", "14.7: the default of files"),
    ("null handle", "newtype|datatype", "MPI_Type_.*get_contents.*", "is only set"),
    ("negative|huge", "commute|flag|periods|reorder|remain_dims|quorum", ".*", "is true"),
    ("negative|huge", "key|level|required|color|.*keyval", "MPI_(Comm_split.*|Pcontrol|.*Init.*|"
     "T_init_thread)", "is a number like others"),
    ("negative|huge", "errorcode", "MPI_.*_call_errhandler", "goes to the handler as it is"),
    ("negative|huge", "source|tag|error", "MPI_Status_set_.*", "is kept as it is"),
    ("negative", "source", ".*", "-1 is MPI_ANY_SOURCE"),
    ("negative", "tag|recvtag", ".*", "one of them is MPI_ANY_TAG"),
    ("negative", ".*displ.*|.*displacements?|.*stride|lb|extent|.*address.*|base|disp", ".*",
     "distances may be negative"),
    ("huge", "disp_unit", "MPI_Win_.*", "any distance will do"),
    ("negative", "argc", "MPI_Init.*", "main's arguments are not looked at"),
    ("negative|huge", "pready|min_frequency|value", ".*", "any number will do"),
    ("empty|long", ".*name|string.*|value",
     ".*set_name|MPI_Info_set|MPI_Add_error_string|.*_from_groups?",
     "any text will do; a long one is cut"),
]


def is_allowed(function, parameter, what):
    return any(re.fullmatch(w, what) and re.fullmatch(p, parameter) and
               re.fullmatch(f, function) for w, p, f, _ in ALLOWED)


@pytest.fixture(scope="module")
def found():
    library = PREFIX / "lib" / "libmpi_abi.so.1"
    names = run(["nm", "-D", "--defined-only", library]).stdout.split()
    text = (ROOT / "include" / "mpi.h").read_text()
    return [f for f in header.functions(text, set(names)) if f.name not in NEVER]


@pytest.fixture(scope="module")
def driver(found, mpicc, build):
    folder = build / "arguments"
    folder.mkdir(exist_ok=True)
    (folder / "calls.h").write_text(header.table(found))
    run([mpicc, "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-g", "-I", folder,
         ROOT / "tests" / "arguments" / "driver.c", "-o", folder / "driver", "-ldl"])
    return folder / "driver"


def answers(driver, lines):
    text = "".join(f"{line}\n" for line in lines)
    done = subprocess.run([driver], input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, timeout=900, check=True)
    return done.stdout.splitlines()


def verdict(function, wrong, answer):
    """What is to be said against an answer, or None."""
    codes, how = answer.split("; ")
    if how != "exit 0" or codes == "none":
        return f"the process ended with: {how}"
    code, errclass = map(int, codes.split())
    if code and not 0 < errclass <= LAST_CLASS:
        return f"code {code} is of no class"
    returns_code = function.result == "int" and header.gives_code(function)
    if code or wrong is None or not returns_code or is_allowed(function.name, *wrong):
        return None
    return f"{wrong[1]} for {wrong[0]} is taken"


def test_bad_arguments(found, driver):
    todo = [(function, *call) for function in found for call in header.calls(function)]
    count = os.cpu_count() or 1
    parts = [todo[i::count] for i in range(count)]
    with ThreadPoolExecutor(count) as pool:
        given = list(pool.map(lambda part: answers(driver, [line for *_, line in part]), parts))
    faults, good = [], 0
    for part, lines in zip(parts, given, strict=True):
        for (function, wrong, line), answer in zip(part, lines, strict=True):
            fault = verdict(function, wrong, answer)
            good += wrong is None and answer.startswith("0 ")
            if fault:
                faults.append(f"{line}: {fault}")
    assert good > 0.75 * len(found), "the values that should be good are not"
    assert not faults, f"{len(faults)} of {len(todo)} calls:\n" + "\n".join(sorted(faults))
