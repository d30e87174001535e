# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The functions of mpi.h with their parameters, and for each parameter a good value and bad ones.

The values are words of driver.c.
"""

import re
from dataclasses import dataclass

KINDS = {
    "MPI_Comm": "comm", "MPI_Group": "group", "MPI_Datatype": "type", "MPI_Op": "op",
    "MPI_Request": "request", "MPI_Message": "message", "MPI_Errhandler": "errhandler",
    "MPI_Info": "info", "MPI_Win": "win", "MPI_File": "file", "MPI_Session": "session",
    "MPI_T_enum": "t_enum", "MPI_T_cvar_handle": "t_cvar", "MPI_T_pvar_session": "t_session",
    "MPI_T_pvar_handle": "t_pvar", "MPI_T_event_registration": "t_event",
    "MPI_T_event_instance": "t_instance",
}
WHOLE = {"int", "MPI_Count", "MPI_Aint", "MPI_Offset", "MPI_T_cb_safety"}
# Functions that read the handle they are given a pointer to; all others only set it.
READS = re.compile(
    r"MPI_(\w+_free|Wait\w*|Test(any|all|some)?|Start\w*|Cancel|I?[Mm]recv(_c)?|Comm_disconnect|"
    r"File_close|Session_finalize|Type_commit|Request_get_status\w*|\w+_free_keyval)")
WILD = ["0", "0x5", "0x12345678", "0x7654321076543210", "-1"]

# Good values that are not the usual ones of their type: by function and parameter, the first that
# fits.
GOOD = [
    (r"MPI_Graph_(create|map)", r"index", "ones"),
    (r"", r"dest|source|root|.*rank\d?|target_rank|.*leader|index|.*index|disp|offset", "i:0"),
    (r".*(Recv|recv|robe).*", r"tag|recvtag", "i:7"),
    (r"", r"tag|sendtag", "i:8"),
    (r"MPI_.*(Op_create).*", r"commute", "i:1"),
    (r"", r"required", "i:0"),
    (r"MPI_Type_match_size", r"typeclass", "i:192"),
    (r"MPI_Type_match_size", r"size", "i:4"),
    (r"MPI_Type_create_f90_.*", r"[pr]", "i:6"),
    (r"MPI_Type_create_(subarray|darray).*", r"order", "i:67"),
    (r"MPI_Type_create_subarray.*", r"array_of_(sub)?sizes", "ones"),
    (r"MPI_Type_create_darray.*", r"array_of_(gsizes|psizes)", "ones"),
    (r"MPI_Type_create_darray.*", r"array_of_distribs", "fill:121"),
    (r"MPI_Type_create_darray.*", r"array_of_dargs", "fill:-49767"),
    (r"MPI_(Error_.*)", r"errorcode", "i:6"),
    (r"MPI_Comm_split_type", r"split_type", "i:113"),
    (r"MPI_Comm_disconnect", r"comm", "comm:own"),
    (r"MPI_(Cart|Dims|Graph)_.*", r"dims", "ones"),
    (r"MPI_T_pvar_get_index", r"var_class", "i:7"),
    (r"MPI_Comm_get_attr|MPI_Attr_get", r".*keyval", "i:501"),
    (r"MPI_Info_create_env", r"argc", "i:0"),
    (r"MPI_T_event_register_callback", r"cb_safety", "i:0"),
    (r"MPI_Buffer_attach.*|MPI_(Comm|Session)_attach_buffer.*", r"size", "i:4096"),
    (r"", r"(array_of_)?(send|recv|in|old|value_|index_|orig|new)?(data)?types?|datatype|"
          r"(send|recv|old|origin_|target_|result_|value_|index_)(data)?type|.*_datatype",
     "type:basic"),
    (r"", r"op", "op:basic"),
    (r"MPI_Win_.*", r"assert|target_disp", "i:0"),
    (r"MPI_Win_lock", r"lock_type", "i:301"),
    (r"MPI_Win_get_attr", r"win_keyval", "i:601"),
    (r"MPI_(R?(Put|Get|Accumulate|Get_accumulate)|Fetch_and_op|Compare_and_swap).*", r"target_disp",
     "i:0"),
    (r"", r"newtag", "i:1"),
    (r"", r"(send|recv)counts|degrees|indx", "ones"),
    (r"MPI_Group_range_.*", r"n", "i:0"),
]


@dataclass
class Parameter:
    type: str  # without const and what makes it a pointer
    name: str
    stars: int  # how often it is a pointer or array
    array: bool
    const: bool

    @property
    def written(self):
        """The type, to cast to."""
        return f"{'const ' if self.const else ''}{self.type} {'*' * self.stars}"


@dataclass
class Function:
    name: str
    result: str
    parameters: list


def parameter(text):
    text = text.strip()
    row = "(*)[3]" if text.endswith("[][3]") else ""
    array = "[" in text
    text = re.sub(r"\[\d*\]", "", text)
    name = re.search(r"\w+$", text).group()
    kind = text[: -len(name)]
    stars = kind.count("*") + array
    const = kind.strip().startswith("const") and stars > 0
    base = re.sub(r"\bconst\b|\*", "", kind).strip()
    return Parameter(base if not row else "int", name, stars, array or bool(row), const)


def functions(header, exported):
    """Those of the header's functions that the library has."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    for result, name, rest in re.findall(r"^(\w+) (MPI_\w+)\(([^;]*)\);", text, re.MULTILINE):
        if name not in exported or result == "typedef":
            continue
        words = [w for w in rest.split(",") if w.strip() not in ("void", "...")]
        yield Function(name, result, [parameter(w) for w in words])


def is_callback(p):
    return p.type.endswith(("_function", "_function_c", "_fn"))


def good(function, p):
    """The word for a value with which the call is right, as far as one word can be."""
    for where, name, word in GOOD:
        if not re.fullmatch(name, p.name) or not re.fullmatch(where or ".*", function.name):
            continue
        if word == "ones":
            return "fill:1" if p.type == "int" else "FILL:1"
        if p.stars and word.startswith(("type:", "op:", "comm:")):
            return "@" + word if p.array else "@" + word.replace("basic", "good")
        if bool(p.stars) == word.startswith(("fill", "FILL")):
            return word
    if is_callback(p):
        return "fn"
    if p.type in KINDS:
        return "@" * min(p.stars, 1) + KINDS[p.type] + ":good"
    if p.type in WHOLE and not p.stars:
        return "i:1"
    if p.type == "char" and p.const:
        return "text"
    return "mem"


def bad(function, p, word):
    """Pairs: what is wrong, and the word for it."""
    handle = KINDS.get(p.type)
    moves_data = any(q.type == "MPI_Datatype" for q in function.parameters)
    if p.stars or is_callback(p):
        yield "null pointer", "null"
    if p.type == "void" and p.stars == 1 and "buf" in p.name and moves_data:
        yield "in place", "in_place"
    read = not p.stars or p.const or READS.fullmatch(function.name)
    if "mrecv" in function.name and p.type == "MPI_Request":
        read = False
    if handle and p.stars < 2 and read:
        at = "@" if p.stars else ""
        yield "null handle", f"{at}{handle}:null"
        yield "wrong kind", f"{at}{handle}:kind"
        yield "wrong kind", f"{at}{handle}:{'0x209' if handle == 'comm' else '0x101'}"
        if handle == "type":
            yield "not committed", f"{at}type:raw"
        if handle not in ("t_enum", "t_cvar", "t_instance"):
            yield "freed", f"{at}{handle}:freed"
        for wild in WILD:
            yield "wild", f"{at}{handle}:{wild}"
    elif p.type in WHOLE and not p.stars:
        for n in (-1, -9999, -(2**31)):
            yield "negative", f"i:{n}"
        if p.type not in ("int", "MPI_T_cb_safety"):
            yield "negative", f"i:{-2**63}"
        if not is_amount(p) and p.name not in ("argc", "tag", "sendtag", "recvtag"):
            yield "huge", f"i:{2**31 - 1}"
    elif p.type in WHOLE and p.const:
        # A negative distance is one; a long one would be the caller's word for memory it has not.
        far = not re.search("displ|displacement|stride|address", p.name)
        for n in (-1, -9999, -(2**31)) if far else (-1,):
            yield "negative", f"{'fill' if p.type == 'int' else 'FILL'}:{n}"
    elif p.type == "char" and p.const and p.stars == 1:
        yield "empty", "empty"
        yield "long", "long"


def is_amount(p):
    """How much memory another argument has: the caller's word is all there is."""
    return re.search(r"count|len|size|max|num|ndims|degree|nnodes|^n$|ndims|incount|maxdims|"
                     r"blocklength|neighbors|partitions|nodes|extent|position|displ|lb|stride",
                     p.name) is not None


def calls(function):
    """Lines for the driver, each with what is wrong in it: (parameter, what), or None."""
    words = [good(function, p) for p in function.parameters]
    yield None, " ".join([function.name, *words])
    for i, p in enumerate(function.parameters):
        for what, word in bad(function, p, words[i]):
            if word != words[i]:
                line = [function.name, *words[:i], word, *words[i + 1:]]
                yield (p.name, what), " ".join(line)


def table(found):
    """The C text of the driver's table."""
    def argument(p, i):
        if is_callback(p):
            return f"({p.type} *)v[{i}].f"
        if p.name == "ranges":
            return f"(int (*)[3])v[{i}].p"
        if p.stars:
            return f"({p.written})v[{i}].p"
        if p.type in WHOLE:
            return f"({p.type})v[{i}].n"
        return f"({p.type})v[{i}].p"

    lines = []
    for f in found:
        arguments = ", ".join(argument(p, i) for i, p in enumerate(f.parameters))
        give = f"(intptr_t){f.name}" if f.result in KINDS else f"(long long){f.name}"
        lines += [f"static long long\ncall_{f.name}(const union value *v)\n{{",
                  "    (void)v;", f"    return {give}({arguments});", "}"]
    lines.append("static const struct function functions[] = {")
    lines += [f'    {{"{f.name}", call_{f.name}, {int(f.result == "int" and gives_code(f))}}},'
              for f in found]
    lines.append("    {0}};")
    return "\n".join(lines) + "\n"


def gives_code(function):
    return not function.name.endswith(("_toint", "_fromint"))
