# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Build MPICH's test programs with the installed mpicc, without MPICH's configure.

What that would find out is written here for a Linux of today (CONFIG). A program is built again
when something that goes into it has changed, by content.
"""

import hashlib
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from common import BUILD, LIBRARY, PREFIX, ROOT, fail, make_standin, need, run

# What a compiler of today refuses is refused here, too: a handle in an int, an unknown function.
FLAGS = ["-O1", "-Werror=implicit-function-declaration", "-Werror=int-conversion",
         "-Werror=incompatible-pointer-types"]
HEADERS = """dlfcn inttypes memory pthread stdarg stdint stdlib string strings sys_resource sys_stat
sys_time sys_types unistd limits""".split()
HAVE = """DOUBLE__COMPLEX FLOAT__COMPLEX LONG_DOUBLE__COMPLEX GETRUSAGE LONG_DOUBLE LONG_LONG
LONG_LONG_INT STRDUP USLEEP MEMSET H_ADDR_LIST _BOOL MPI_IO MPI_SPAWN MPI_WIN_CREATE
MPI_INTEGER16 PTHREAD_BARRIER_INIT""".split()
VALUES = {
    "POINTERINT_t": "intptr_t", "SIZEOF_INT": 4, "SIZEOF_LONG": 8, "SIZEOF_LONG_LONG": 8,
    "SIZEOF_MPI_OFFSET": 8, "SIZEOF_SHORT": 2, "SIZEOF_VOID_P": 8, "STDC_HEADERS": 1,
    "THREAD_PACKAGE_NAME": "THREAD_PACKAGE_POSIX", "USE_LONG_DOUBLE_COMPLEX": 1,
    "MPIO_USES_MPI_REQUEST": 1,
    # Only what the standard has, as another MPI than MPICH is asked for.
    "USE_STRICT_MPI": 1,
}
CONFIG = ["_GNU_SOURCE 1", *(f"HAVE_{name.upper()}_H 1" for name in HEADERS),
          *(f"HAVE_{name} 1" for name in HAVE), *(f"{k} {v}" for k, v in VALUES.items())]
UTIL = ["util/mtest.c", "util/mtest_common.c", "util/dtypes.c", "dtpools/src/dtpools.c",
        "dtpools/src/dtpools_attr.c", "dtpools/src/dtpools_custom.c", "dtpools/src/dtpools_desc.c",
        "dtpools/src/dtpools_init_verify.c", "dtpools/src/dtpools_misc.c"]


SUPPRESSIONS = Path(__file__).with_name("mpich-tsan.supp")


@dataclass
class Kind:
    """How programs are built and run, and where they lie."""

    folder: Path
    compiler: list
    libraries: list = field(default_factory=list)
    env: dict = field(default_factory=dict)


PLAIN = Kind(BUILD / "mpich" / "programs", [PREFIX / "bin" / "mpicc"])


def tsan():
    """ThreadSanitizer in the programs and in an engine of its own. It sees the threads of a rank;
    what another process does in the segment is invisible to it, as are fences (-Wtsan)."""
    engine = BUILD / "tsan"
    meson = PREFIX / "bin" / "meson"
    path = os.environ | {"PATH": f"{PREFIX / 'bin'}:{os.environ['PATH']}"}
    if not (engine / "build.ninja").exists():
        need([meson, "setup", engine, ROOT, "-Db_sanitize=thread", "-Db_lundef=false",
              "-Dpython=false", "-Dbuildtype=debugoptimized", "-Db_ndebug=false",
              "-Dc_args=-Wno-tsan"], env=path)
    need([meson, "compile", "-C", engine], env=path)
    library = engine / "src" / LIBRARY
    return Kind(BUILD / "mpich" / "tsan",
                [os.environ.get("CC", "cc"), "-g", "-fsanitize=thread", f"-I{ROOT / 'include'}"],
                [library, f"-Wl,-rpath,{library.parent}"],
                {"TSAN_OPTIONS": f"exitcode=66 suppressions={SUPPRESSIONS}"})


def digest(*parts):
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
        total.update(b"\0")
    return total.hexdigest()


def variables(makefile):
    """The assignments of a Makefile.am, those with += joined to what is there."""
    found = {}
    text = makefile.read_text().replace("\\\n", " ")
    for name, value in re.findall(r"^(\w+)[ \t]*\+?=(.*)$", text, re.MULTILINE):
        found[name] = found.get(name, "") + " " + value.split("#")[0]
    return found


class Builder:
    """Builds programs of a kind; what became of each is kept in built.json."""

    def __init__(self, source, jobs, kind):
        self.source, self.jobs, self.kind = source, jobs, kind
        self.folder = kind.folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self.kept = self.folder / "built.json"
        self.built = json.loads(self.kept.read_text()) if self.kept.exists() else {}
        self.standin = make_standin(BUILD / "mpich" / "standin", ends=True)
        config = BUILD / "mpich" / "config"
        config.mkdir(parents=True, exist_ok=True)
        text = "#pragma once\n" + "".join(f"#define {line}\n" for line in CONFIG)
        for name in ("mpitestconf.h", "../dtpoolsconf.h"):  # each as it is included
            (config / name).write_text(text)
        paths = [config, source / "include", source / "dtpools" / "include"]
        self.flags = [*FLAGS, *(f"-I{path}" for path in paths)]
        headers = [path for folder in paths for path in sorted(folder.glob("*.h"))]
        self.common = digest(*headers, ROOT / "include" / "mpi.h", *FLAGS,
                             *kind.compiler)

    def compile(self, source, target, extra):
        target.parent.mkdir(parents=True, exist_ok=True)
        return run([*self.kind.compiler, *self.flags, *extra, "-c", source, "-o", target])

    def make_util(self):
        """The library that all programs share, once for those with threads."""
        sources = [self.source / name for name in UTIL]
        kinds = {"single": [], "thread": ["-DMTEST_USE_THREAD"]}
        parts = [self.source / "util" / f"mtest_{kind}.c" for kind in kinds]
        key = digest(self.common, *sources, *parts, *self.source.glob("util/*.h"))
        if self.built.get("util") == key:
            return
        work = [(path, self.folder / "util" / kind / f"{path.stem}.o", extra)
                for (kind, extra), part in zip(kinds.items(), parts, strict=True)
                for path in [*sources, part]]
        with ThreadPoolExecutor(self.jobs) as pool:
            for done in pool.map(lambda item: self.compile(*item), work):
                if done.returncode != 0:
                    fail(f"the programs' common library:\n{done.stdout}")
        for kind in kinds:
            archive = self.folder / "util" / f"{kind}.a"
            archive.unlink(missing_ok=True)
            need(["ar", "rcs", archive, *(self.folder / "util" / kind).glob("*.o")])
        self.built["util"] = key

    def programs(self, folder):
        """Name -> sources and flags, of all programs of a folder, listed or not."""
        found = variables(self.source / folder / "Makefile.am")
        common = [w for w in found.get("AM_CPPFLAGS", "").split() if w.startswith("-D")]
        names = found.get("noinst_PROGRAMS", "") + found.get("EXTRA_PROGRAMS", "")
        made = {}
        for name in dict.fromkeys(names.split()):
            if not name.startswith("$"):
                sources = [self.source / folder / part
                           for part in found.get(f"{name}_SOURCES", f"{name}.c").split()
                           if part.endswith(".c")]
                flags = [w for w in found.get(f"{name}_CPPFLAGS", "").split() if w[:2] == "-D"]
                made[name] = sources, common + flags
        return made

    def build(self, folder, name, sources, flags):
        """The state of one program: an empty text, or why it could not be built."""
        absent = [path.name for path in sources if not path.exists()]
        if absent:
            return f"no source {' '.join(absent)}"
        kind = "thread" if "threads" in folder.split("/") else "single"
        flags = [*flags, f"-I{self.source / folder}"]
        flags += ["-DMTEST_USE_THREAD"] if kind == "thread" else []
        key = digest(self.common, self.built["util"], bool(self.standin), *flags, *sources,
                     *sorted((self.source / folder).glob("*.h")))
        kept = self.built.get(f"{folder}/{name}")
        if kept and kept["key"] == key:
            return kept["error"]
        error = self.make(self.folder / folder / name, kind, sources, flags)
        self.built[f"{folder}/{name}"] = {"key": key, "error": error}
        return error

    def make(self, program, kind, sources, flags):
        objects = []
        for number, path in enumerate(sources):
            objects.append(program.parent / "objects" / f"{program.name}.{number}.o")
            done = self.compile(path, objects[-1], flags)
            if done.returncode != 0:
                return first_error(done.stdout)
        libraries = [self.folder / "util" / f"{kind}.a", *self.kind.libraries, "-lm", "-lpthread"]
        if self.standin:
            libraries += [self.standin, f"-Wl,-rpath,{self.standin.parent}"]
        done = run([*self.kind.compiler, *objects, "-o", program, *libraries])
        return first_error(done.stdout) if done.returncode != 0 else ""

    def build_folders(self, folders, only=None):
        """Build the programs of these folders (those in only), return name -> state."""
        self.make_util()
        work = [(folder, name, *parts) for folder in folders
                for name, parts in self.programs(folder).items()
                if only is None or f"{folder}/{name}" in only or folder.endswith("spawn")]
        with ThreadPoolExecutor(self.jobs) as pool:
            states = list(pool.map(lambda item: self.build(*item), work))
        self.kept.write_text(json.dumps(self.built, indent=0))
        return {f"{item[0]}/{item[1]}": state for item, state in zip(work, states, strict=True)}


def first_error(text):
    lines = [line for line in text.splitlines()
             if re.search("error: (?!ld returned)|undefined reference", line)]
    return (lines or text.splitlines() or ["no word"])[0].split("/")[-1]
