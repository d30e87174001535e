#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, the Muster developers

# prerequisites.sh PYTHON CC...: say what is missing to build the project, and the one command that
# installs all of it. Packages are those of the system that this runs on.
set -u
python=$1
shift
cc=$* # a compiler may have arguments: shellcheck disable=SC2086

sudo=
[ "$(id -u)" = 0 ] || sudo='sudo '
if command -v apt-get >/dev/null 2>&1; then
    install="${sudo}apt-get install -y"
    # A fresh system has no lists of packages yet.
    ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || install="${sudo}apt-get update && $install"
    compiler='gcc libc6-dev' interpreter=python3 venv=python3-venv headers=python3-dev
    newer='python3.11 python3.11-venv python3.11-dev'
elif command -v dnf >/dev/null 2>&1; then
    install="${sudo}dnf install -y"
    compiler='gcc glibc-devel' interpreter=python3 venv=python3 headers=python3-devel
    newer='python3.11 python3.11-devel'
elif command -v zypper >/dev/null 2>&1; then
    install="${sudo}zypper install -y"
    compiler='gcc glibc-devel' interpreter=python3 venv=python3 headers=python3-devel
    newer='python311 python311-devel'
elif command -v apk >/dev/null 2>&1; then
    install="${sudo}apk add"
    compiler='gcc musl-dev linux-headers' interpreter=python3 venv=python3 headers=python3-dev
    newer='python3 python3-dev'
else
    install="your system's package manager:"
    compiler='a C compiler' interpreter=python3 venv="python3's venv module"
    headers="python3's headers" newer='Python 3.11 or newer'
fi

packages=
missing() {
    echo "$1" >&2
    for package in $2; do
        case "$packages " in
        *" $package "*) ;;
        *) packages="$packages $package" ;;
        esac
    done
}

cc_works() {
    echo '#include <stdio.h>
int main(void) { return 0; }' | $cc -x c -o /dev/null - 2>/dev/null
}

has_headers() {
    "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'
}

# Another Python that is new enough, if there is one.
other_python() {
    for other in python3.14 python3.13 python3.12 python3.11; do
        command -v $other >/dev/null 2>&1 && echo "$other" && return
    done
}

if ! command -v ${cc%% *} >/dev/null 2>&1; then
    missing "There is no C compiler ($cc)." "$compiler"
elif ! cc_works; then
    missing "The C compiler ($cc) cannot build a program." "$compiler"
fi
version=$("$python" --version 2>/dev/null)
if [ -z "$version" ]; then
    missing "There is no Python ($python); 3.11 or newer is needed." "$interpreter $venv $headers"
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$version is too old; 3.11 or newer is needed." >&2
    other=$(other_python)
    if [ "$other" ]; then
        echo "There is another one. Use it with: make PYTHON=$other" >&2
        exit 1
    fi
    packages="$packages $newer"
else
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        missing "Python ($python) has no venv module." "$venv"
    has_headers || missing "Python ($python) has no headers (Python.h)." "$headers"
fi
[ -z "$packages" ] && exit 0
echo "Install what is missing with: $install$packages" >&2
exit 1
