#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers

# prerequisites.sh PYTHON CC: name what is missing and the one command that installs it.
set -u
python=$1
cc=$2

if command -v apt-get >/dev/null 2>&1; then
    install="apt-get install -y"
    venv=python3-venv
    compiler="gcc libc6-dev"
elif command -v dnf >/dev/null 2>&1; then
    install="dnf install -y"
    venv=python3
    compiler="gcc glibc-devel"
elif command -v zypper >/dev/null 2>&1; then
    install="zypper install -y"
    venv=python3
    compiler="gcc glibc-devel"
elif command -v apk >/dev/null 2>&1; then
    install="apk add"
    venv=python3
    compiler="gcc musl-dev linux-headers"
else
    install="install with your system's package manager:"
    venv="python3 with its venv module"
    compiler="a C compiler"
fi

fail() {
    echo "$1" >&2
    echo "Install it with: $2" >&2
    exit 1
}

command -v "$cc" >/dev/null 2>&1 || fail "There is no C compiler ($cc)." "$install $compiler"
command -v "$python" >/dev/null 2>&1 ||
    fail "There is no Python ($python), 3.11 or newer is needed." "$install python3 $venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" --version) is too old, 3.11 or newer is needed." "$install python3.11"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    fail "$python has no venv module." "$install $venv"
echo '#include <stdio.h>
int main(void) { return 0; }' | "$cc" -x c -o /dev/null - 2>/dev/null ||
    fail "The C compiler ($cc) cannot build a program." "$install $compiler"
