# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""MPICH's test programs: Debian's source package, unpacked, with a few corrections.

apt fetches it and checks its signature and checksums. A mirror is taken from this machine's lists;
DEBIAN_MIRROR names another one.
"""

import hashlib
import os
import re
import shutil
import tarfile
import tomllib
from pathlib import Path

from common import BUILD, fail, need

VERSION = "4.0.2"
PACKAGE = f"mpich={VERSION}-3"
RELEASE = "bookworm"  # the release of Debian that has it
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PART = f"mpich-{VERSION}/test/mpi/"  # of the package, what is unpacked
CORRECTIONS = Path(__file__).with_name("mpich-corrections.toml")


def mirror():
    """The first Debian mirror in apt's lists, of whatever form."""
    if "DEBIAN_MIRROR" in os.environ:
        return os.environ["DEBIAN_MIRROR"]
    lists = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]
    for path in lists:
        found = path.exists() and re.search(r"^[^#\n]*?(https?://\S+/debian)/?(?=\s)",
                                            path.read_text(), re.MULTILINE)
        if found:
            return found[1]
    fail("no Debian mirror in /etc/apt: name one in DEBIAN_MIRROR")


def download(cache):
    """The package's archive, fetched once."""
    archive = cache / f"mpich_{VERSION}.orig.tar.xz"
    if archive.exists():
        return archive
    if not shutil.which("apt-get"):
        fail(f"{archive} is not there, and without apt-get it cannot be fetched")
    for folder in ("lists/partial", "archives/partial", "empty"):
        (cache / folder).mkdir(parents=True, exist_ok=True)
    signed = f"[signed-by={KEYS}] " if KEYS.exists() else ""
    (cache / "sources.list").write_text(f"deb-src {signed}{mirror()} {RELEASE} main\n")
    options = {
        "Dir::Etc::sourcelist": cache / "sources.list",
        "Dir::Etc::sourceparts": cache / "empty",
        "Dir::State::lists": cache / "lists",
        "Dir::Cache": cache,
        "APT::Sandbox::User": "root",  # else a user who may not enter the cache fetches
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    need([*apt, "update"], cwd=cache, timeout=600)
    need([*apt, "--download-only", "source", PACKAGE], cwd=cache, timeout=600)
    if not archive.exists():
        fail(f"apt-get source {PACKAGE} fetched no {archive.name}")
    shutil.rmtree(cache / "lists")
    return archive


def corrections():
    return tomllib.loads(CORRECTIONS.read_text())["correction"]


def correct(source):
    """Make each correction; one that no longer fits its program is an error."""
    for entry in corrections():
        for name in entry["files"]:
            text = (source / name).read_text()
            for find, put in entry["replace"]:
                text, times = re.subn(find, put, text, flags=re.MULTILINE)
                if times == 0:
                    fail(f"{CORRECTIONS.name}: {name} has no {find!r}")
            (source / name).write_text(text)


def unpack(archive, folder):
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name.startswith(PART) and member.isfile():
                path = folder / member.name.removeprefix(PART)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(tar.extractfile(member).read())


def source():
    """The folder with the corrected programs, made anew when the corrections have changed."""
    folder, stamp = BUILD / "mpich" / "source", BUILD / "mpich" / "source.stamp"
    key = hashlib.sha256(CORRECTIONS.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == key:
        return folder
    cache = BUILD / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    unpack(download(cache), folder)
    correct(folder)
    stamp.write_text(key)
    return folder
