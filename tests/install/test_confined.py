# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers
"""Jobs that may write nowhere, have no /dev/shm, are nobody's, or may not look into each other."""

import functools
import os
import subprocess
from pathlib import Path

import pytest
from environments import RANKS, check

READ_ONLY = """
mount --make-rprivate /
cut -d' ' -f5 /proc/self/mountinfo | while read -r place; do
    mount -o remount,bind,ro "$(printf %b "$place")" 2>/dev/null
done
for folder in / /tmp /var/tmp /dev/shm /run "$PWD"; do
    if touch "$folder/muster-test" 2>/dev/null; then
        echo "$folder can be written to" >&2
        exit 9
    fi
done
exec "$@"
"""
# A /dev that has nothing but what every machine has, and something as /dev/shm.
DEVICES = """
mount --make-rprivate /
mount -t tmpfs none /mnt
for name in null zero urandom; do
    : > /mnt/$name && mount --bind /dev/$name /mnt/$name || exit 9
done
{shm}
mount --rbind /mnt /dev && exec "$@"
"""
SHM = {
    "missing": "",
    "a file": ": > /mnt/shm",
    "full": "mkdir /mnt/shm && mount -t tmpfs -o size=64k none /mnt/shm &&"
    " head -c 100000 /dev/zero > /mnt/shm/full 2>/mnt/zero",
    "closed": "mkdir -m 0 /mnt/shm",
}


def works(*words):
    return subprocess.run([str(word) for word in words], capture_output=True).returncode == 0


@functools.cache
def namespace():
    """A command in front of others that gives them their own view of the file systems."""
    for words in (["unshare", "-m"], ["unshare", "-Urm"]):
        if works(*words, "mount", "-t", "tmpfs", "none", "/mnt"):
            return words
    pytest.skip("nobody may mount anything here")


def in_view(script, words):
    return [*namespace(), "sh", "-c", script, "sh", *words]


def test_without_write_access(environment):
    """Anywhere, and without a home."""
    for words, output in environment.jobs():
        check(in_view(READ_ONLY, words), output, env={"PATH": os.environ["PATH"]}, cwd="/")


@pytest.mark.parametrize("kind", SHM)
def test_dev_shm(environment, kind):
    for words, output in environment.jobs():
        check(in_view(DEVICES.format(shm=SHM[kind]), words), output)


NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups"]
POWERLESS = ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


def as_user(options):
    """Who is not root is unprivileged as it is."""
    if os.getuid() != 0:
        return []
    words = ["setpriv", *options]
    if not works(*words, "true"):
        pytest.skip(f"{' '.join(words)} does not work here")
    return words


def python_for(user, environment):
    """A Python that this user may run: that of the environment may lie in root's home."""
    new_enough = "import sys; sys.exit(sys.version_info < (3, 11))"
    for python in (environment.bin / "python", Path("/usr/bin/python3")):
        # By a shell: what setpriv itself executes may still lie where root alone may look.
        if works(*user, "sh", "-c", '"$0" -c "$1"', python, new_enough):
            return python
    pytest.skip("no Python that this user may run")


@pytest.mark.parametrize("options", [NOBODY, POWERLESS, NOBODY + POWERLESS])
@pytest.mark.parametrize("how", [[], ["undumpable"]])
def test_unprivileged_in_c(environment, options, how):
    """Also when no process may look into another: then the data goes through the segment."""
    words, output = next(environment.jobs())
    check([*as_user(options), *words, *how], output, env={}, cwd="/")


def test_unprivileged_in_python(environment):
    user = as_user(NOBODY)
    words, output = list(environment.jobs(python_for(user, environment)))[1]
    check([*user, *words], output, env={"PYTHONPATH": str(environment.packages)}, cwd="/")


def test_a_program_that_may_be_run_but_not_read(environment):
    """The kernel then lets nobody look into its processes."""
    program = environment.folder.parent / "secret"
    program.write_bytes((environment.folder.parent / "large").read_bytes())
    program.chmod(0o711)
    words = [environment.bin / "mpiexec", "-n", RANKS, program]
    check([*as_user(NOBODY), *words], f"{RANKS} ranks, 0 bytes wrong\n", env={}, cwd="/")


def test_with_an_identity_of_its_own(environment):
    """In a user namespace that maps nobody, and without a network."""
    words, output = next(environment.jobs())
    if not works("unshare", "-Un", "true"):
        pytest.skip("no user namespace can be made here")
    check(["unshare", "-Un", *words], output, env={}, cwd="/")
