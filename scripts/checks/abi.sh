#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/ABI.md's promise: nothing that a compiled program has taken from us has changed. Sizes,
# places of members and constants are pinned in tests/abi/pins.inc, calls and their types in the
# baselines beside it; each symbol has its version, and each library its name.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/abi.sh
. scripts/lib/symbols.sh

build=${AURORA_BUILD_DIR:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

complain() {
    echo "abi: $*"
    failed=1
}

python3 scripts/lib/abi_pins.py || failed=1
warnings=(-Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude)
"${CC:-cc}" -std=c11 "${warnings[@]}" tests/abi/pins.c || failed=1
if command -v "${CXX:-c++}" >/dev/null; then
    "${CXX:-c++}" -std=c++17 -x c++ "${warnings[@]}" tests/abi/pins.c || failed=1
fi

soversion=$(soversion)
# check_library NAME MAP
check_library() {
    local name=$1 library=$build/lib/$1.so baseline=tests/abi/$1.abi.gz version foreign
    version=$(symbol_version "$2")
    if [ ! -f "$library" ]; then
        echo "abi: $name.so is not built"
        return
    fi
    [ "$(abi_soname "$library")" = "$name.so.$soversion" ] ||
        complain "$name.so calls itself $(abi_soname "$library"), not $name.so.$soversion"
    [[ $version == *_$soversion ]] || complain "$2 defines $version, SOVERSION is $soversion"
    foreign=$(abi_symbols "$library" | grep -v "@@$version\$" || true)
    [ -z "$foreign" ] || complain "$name.so: not of version $version:" $foreign
    if ! command -v abidiff >/dev/null; then
        echo "abi: abidiff is absent, so calls are not compared; ./dev setup tests installs it"
    elif abi_compare "$baseline" "$library" "$work" >"$work/said" 2>&1; then
        echo "abi: $name.so: $(abi_symbols "$library" | wc -l) calls of $version, those of the baseline as they were"
    else
        cat "$work/said"
        complain "$name.so: the above breaks programs, or grew a struct: ./dev exports (docs/ABI.md)"
    fi
}

check_library libaurora cmake/aurora.map
check_library libaurora-net cmake/aurora-net.map
exit "$failed"
