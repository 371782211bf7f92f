#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every global symbol of the archive starts with aurora_, and the shared library exports exactly
# what tests/abi/exports.txt says.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/symbols.sh

lib=${AURORA_BUILD_DIR:-build}/lib
if [ ! -f "$lib/libaurora.a" ]; then
    echo "skipped: $lib/libaurora.a is not built"
    exit 77
fi
failed=0
foreign=$(global_symbols "$lib/libaurora.a" | grep -v '^aurora_' || true)
if [ -n "$foreign" ]; then
    echo "symbols: libaurora.a defines names that are not ours:" $foreign
    failed=1
fi
if [ -f "$lib/libaurora.so" ] &&
    ! diff -u --label tests/abi/exports.txt tests/abi/exports.txt \
        --label libaurora.so <(exported_symbols "$lib/libaurora.so"); then
    echo "symbols: the exports changed; if that is meant, ./dev exports writes the list"
    failed=1
fi
if [ "$failed" -eq 0 ]; then
    echo "symbols: $(global_symbols "$lib/libaurora.a" | wc -l) global, all aurora_*;" \
        "$(wc -l <tests/abi/exports.txt) exported, as listed"
fi
exit "$failed"
