#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every global symbol of each archive starts with aurora_ and stands in no other of them, since a
# program links them all; each shared library exports exactly what its list in tests/abi says.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/symbols.sh

build=${AURORA_BUILD_DIR:-build}
lib=$build/lib
if [ ! -f "$lib/libaurora.a" ]; then
    echo "skipped: $lib/libaurora.a is not built"
    exit 77
fi
failed=0

archives=()

# check_archive FILE: false where it is not built.
check_archive() {
    local file=$1 foreign
    if [ ! -f "$file" ]; then
        echo "symbols: ${file##*/} is not built"
        return 1
    fi
    archives+=("$file")
    foreign=$(global_symbols "$file" | grep -v '^aurora_' || true)
    if [ -n "$foreign" ]; then
        echo "symbols: ${file##*/} defines names that are not ours:" $foreign
        failed=1
    fi
    echo "symbols: ${file##*/}: $(global_symbols "$file" | wc -l) global"
}

# check_library NAME LIST
check_library() {
    local name=$1 list=$2
    check_archive "$lib/$name.a" || return 0
    if [ -f "$lib/$name.so" ] &&
        ! diff -u --label "$list" "$list" --label "$name.so" <(exported_symbols "$lib/$name.so"); then
        echo "symbols: the exports changed; if that is meant, ./dev exports writes the list"
        failed=1
    fi
}

# check_package PACKAGE LIST: what programs wait for in a package is what the library has.
check_package() {
    if ! diff -u --label "$2" "$2" --label "debian/$1.symbols" \
        <(sed -n 's/^ \(aurora_.*\)@AURORA_.*/\1/p' "debian/$1.symbols"); then
        echo "symbols: debian/$1.symbols is behind; ./dev exports writes it"
        failed=1
    fi
}
check_package libaurora0 tests/abi/exports.txt
check_package libaurora-net0 tests/abi/exports-net.txt
check_library libaurora tests/abi/exports.txt
check_library libaurora-net tests/abi/exports-net.txt
check_archive "$lib/libaurora-sim.a" || true
for part in http routes service upstream daemon gateway; do
    check_archive "$build/libaurora_$part.a" || true
done

twice=$(for file in "${archives[@]}"; do global_symbols "$file"; done | LC_ALL=C sort | uniq -d)
if [ -n "$twice" ]; then
    echo "symbols: defined in more than one archive:" $twice
    failed=1
fi
exit "$failed"
