# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""The lines of MPICH's test lists: which programs, with how many ranks, arguments and limits.

A line reads "program ranks key=value...". Lists are files named testlist, or testlist.in with
words between @ that MPICH's configure replaces; the lines of testlist.dtp it makes from a table.
"""

import re
from dataclasses import dataclass, field

# What configure replaces: switches that are on here. Folders stand under their own name (rmadir).
SWITCHES = {"largetest", "comm_overlap", "namepub_tests", "ch4_ofi_tests", "mpix"}
# What configure makes the lines of testlist.dtp for, unless told otherwise.
TYPES = ["MPI_INT", "MPI_INT:4+MPI_DOUBLE:8"]
RANKS = 2  # where a line names none
# Folders of other languages: the library is for C.
LANGUAGES = {"f77", "f90", "f08", "cxx"}
# A folder without a list. Its programs print what they did and end with 0.
UNLISTED = {
    "basic": ["self 1", "simple 2", "sendrecv 2", "srtest 2", "wtime 1", "patterns 4"],
}


@dataclass
class Line:
    """One run of one program."""

    folder: str
    program: str
    ranks: int = RANKS
    args: list = field(default_factory=list)
    env: dict = field(default_factory=dict)
    mpiexec: list = field(default_factory=list)
    limit: int | None = None  # seconds
    memory: float = 0.0  # GiB
    result: str = ""  # another rule than " No Errors"
    switch: str = ""  # the word between @ before it

    def __str__(self):
        env = [f"{name}={value}" for name, value in self.env.items()]
        return " ".join([*env, f"{self.folder}/{self.program}", str(self.ranks), *self.args])


def read_line(folder, text):
    """The line, or None where there is none (an empty one, a comment, another folder)."""
    text = text.split("#")[0].strip()
    switch = re.match(r"@(\w+)@\s*", text)
    words = text[switch.end() if switch else 0:].split()
    if not words or (switch and switch[1] not in SWITCHES):
        return None
    line = Line(folder, words[0], switch=switch[1] if switch else "")
    if len(words) > 1:
        line.ranks = int(words[1])
    for word in words[2:]:
        take_option(line, *word.partition("=")[::2])
    return line


def take_option(line, key, value):
    """xfail, strict, lock and mpiversion change nothing here: what is listed shall pass."""
    match key:
        case "arg":
            line.args.append(value)
        case "env":
            name, _, value = value.partition("=")
            line.env[name] = value
        case "mpiexecarg":
            line.mpiexec.append(value)
        case "timeLimit":
            line.limit = int(value)
        case "mem":
            line.memory = float(value)
        case "resultTest":
            line.result = value


def list_text(path, folder):
    for name in ("testlist", "testlist.in"):
        if (path / name).exists():
            return (path / name).read_text().splitlines()
    return [f"{text} resultTest=ExitCode" for text in UNLISTED.get(folder, [])]


def table_lines(text):
    """The lines of all testlist.dtp, from the table of maint/dtp-test-config.txt.

    Each datatype with each count; the larger the count, the fewer layouts are tried. Programs with
    two sides run once more with twice as much room on the receiving one. Seeds count up.
    """
    lines = []
    for row in text.splitlines():
        if not row.strip() or row.startswith("#"):
            continue
        path, args, counts, options, ranks, least, most = (row.split(":") + [""] * 7)[:7]
        folder, program = path.rsplit("/", 1)
        for kind in TYPES:
            for words in table_words(folder, kind, counts, least, most or least):
                line = Line(folder, program, int(ranks))
                line.args = [*words[:-1], f"-seed={len(lines) + 1}", words[-1], *args.split()]
                for option in options.split():
                    take_option(line, *option.partition("=")[::2])
                lines.append(line)
    return lines


def table_words(folder, kind, counts, least, most):
    counts = [int(count) for count in counts.split()]
    layouts = int(most)
    for count in counts:
        if count != counts[0]:
            layouts = max(int(least), min(int(most), layouts * counts[0] // count))
        size = f"-testsize={layouts}"
        if folder in ("pt2pt", "part"):
            for room in (count, 2 * count):
                yield [f"-type={kind}", f"-sendcnt={count}", f"-recvcnt={room}", size]
        else:
            yield [f"-type={kind}", f"-count={count}", size]


def read_all(source):
    """All lines of the C programs, folder by folder in the order of their names."""
    made = table_lines((source / "maint" / "dtp-test-config.txt").read_text())
    lines = []
    for path in sorted(path.parent for path in source.rglob("Makefile.am")):
        folder = str(path.relative_to(source))
        if LANGUAGES.isdisjoint(path.parts):
            read = [read_line(folder, text) for text in list_text(path, folder)]
            lines += [line for line in read if line and not (path / line.program).is_dir()]
            lines += [line for line in made if line.folder == folder]
    return lines
