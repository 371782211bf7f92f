#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ctest: lock clean_root
# ctest: timeout 1800
# docs/TUTORIAL.md as somebody new types it, in a Debian 12 with its base system only: ./dev setup, then each
# block as it stands. `./dev build` takes what this build has made; with AURORA_TUTORIAL=whole it builds.
set -euo pipefail
cd "${AURORA_SOURCE_DIR:-$(dirname "$0")/../..}"
. scripts/lib/root.sh
page=docs/TUTORIAL.md
build=${AURORA_BUILD_DIR:-build}

if [ ! -x "$build/bin/aurorad" ] || [ ! -e "$build/lib/libaurora.so" ]; then
    echo "skipped: this build has no programs, or no shared library"
    exit 77
fi
if grep -q '^AURORA_SANITIZE:[A-Z]*=.' "$build/CMakeCache.txt"; then
    echo "skipped: readers have no sanitizers, and what they link would need them too"
    exit 77
fi
root_open || exit $?
home=$root/home/ann/shop
mkdir -p "$home"
tar -cf - --exclude=./.git --exclude=./build --exclude=./var --exclude=node_modules --exclude=__pycache__ . |
    tar -C "$home" --no-same-owner -xf -
if [ "${AURORA_TUTORIAL:-}" != whole ]; then
    mkdir -p "$home/build"
    cp -r "$build/bin" "$build/lib" "$home/build/"
    # The rest of the folder of a build is not for readers.
    printf '#!/bin/sh\necho "built already"\n' >"$home/scripts/build.sh"
fi
python3 scripts/lib/typed_page.py write "$page" "$home"
# typed NAME [OPTION...]: what it says only when it fails.
typed() {
    local name=$1
    shift
    if ! root_run "$@" --chdir /home/ann/shop bash "$name" >"$root/../said" 2>"$root/../complained"; then
        tail -20 "$root/../said" "$root/../complained"
        echo "tutorial: $name ends with a failure"
        exit 1
    fi
}
typed installs --network
typed typed
python3 scripts/lib/typed_page.py compare "$page" "$root/../said" || {
    tail -20 "$root/../complained"
    exit 1
}
if grep "^lost: " "$root/../said"; then
    exit 1
fi
