#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every global symbol of each archive starts with aurora_, and each shared library exports exactly
# what its list in tests/abi says.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/symbols.sh

lib=${AURORA_BUILD_DIR:-build}/lib
if [ ! -f "$lib/libaurora.a" ]; then
    echo "skipped: $lib/libaurora.a is not built"
    exit 77
fi
failed=0

# check_library NAME LIST
check_library() {
    local name=$1 list=$2 foreign
    if [ ! -f "$lib/$name.a" ]; then
        echo "symbols: $name is not built"
        return
    fi
    foreign=$(global_symbols "$lib/$name.a" | grep -v '^aurora_' || true)
    if [ -n "$foreign" ]; then
        echo "symbols: $name.a defines names that are not ours:" $foreign
        failed=1
    fi
    if [ -f "$lib/$name.so" ] &&
        ! diff -u --label "$list" "$list" --label "$name.so" <(exported_symbols "$lib/$name.so"); then
        echo "symbols: the exports changed; if that is meant, ./dev exports writes the list"
        failed=1
    fi
    echo "symbols: $name: $(global_symbols "$lib/$name.a" | wc -l) global;" \
        "$(wc -l <"$list") exported"
}

check_library libaurora tests/abi/exports.txt
check_library libaurora-net tests/abi/exports-net.txt
exit "$failed"
