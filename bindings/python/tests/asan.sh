#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ctest: timeout 300
# The extension with the sanitizers in it, under the tests of misuse and of packed orders: what they
# provoke may neither touch freed memory nor overrun a piece.
set -euo pipefail
cd "$AURORA_SOURCE_DIR"
. scripts/lib/python.sh

missing=$(python_missing cffi setuptools wheel pip pytest hypothesis)
runtime=$(gcc -print-file-name=libasan.so)
if [ -n "$missing" ] || [ "$runtime" = libasan.so ] || [ ! -f "$AURORA_BUILD_DIR/lib/libaurora.a" ]; then
    echo "skipped: ${missing:+$python lacks $missing}${missing:-no sanitized library, or no libasan.so}"
    exit 77
fi
python_wheel "$AURORA_BUILD_DIR" "${AURORA_SANITIZE:-address,undefined}"

# CPython itself keeps memory until it ends; what the library loses, test_leaks.py finds.
export ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export PYTHONMALLOC=malloc LD_PRELOAD=$runtime:$(gcc -print-file-name=libubsan.so)
tests=bindings/python/tests
bash "$tests/run.sh" "$tests/test_orders.py" "$tests/test_misuse.py" \
    -k "not program_may_end and not under_fire and not goes_on_beside and not used_to_crash"
