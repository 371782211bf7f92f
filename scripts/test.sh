#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: set up and run everything: all tiers, sanitizers, valgrind; ends with one line of counts
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/lanes.sh

scripts/setup.sh tests
mkdir -p "$results"

trap lane_engines_down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
lane_engines

lane_build release release
lane_ctest release release
mapfile -t programs < <(find build/tests/unit -maxdepth 1 -type f -name 'test_*' -perm -u+x \
    2>/dev/null | LC_ALL=C sort)
lane_valgrind valgrind "${programs[@]}"
lane_msan msan 300

# The sanitized lanes keep each test program in one process: a leak or a race is then seen at its
# exit. gcc 12's runtimes do not bear the address space randomisation of newer kernels.
export CK_FORK=no
if setarch "$(uname -m)" -R true 2>/dev/null; then
    still=(setarch "$(uname -m)" -R)
fi
lane_build tsan tsan
# Debian's librdkafka starts its threads by a C11 call that gcc 12's runtime does not know, and ends
# there: what runs it is left out.
TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1 suppressions=$PWD/tests/support/tsan.txt" \
    lane_ctest tsan tsan -R "$(lane_threaded tsan)" -E '^(contract/bus|integration/(kafka_|bus_broker)|unit/kafka_)'

lane_build asan-ubsan asan-ubsan
echo
printf '%s\n' "${table[@]}"
ASAN_OPTIONS="detect_leaks=1 detect_stack_use_after_return=1" UBSAN_OPTIONS=print_stacktrace=1 \
    lane_ctest asan-ubsan asan-ubsan -LE '^(shell|checks|examples)$'

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
