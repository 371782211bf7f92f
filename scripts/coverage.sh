#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: build with counters, run the tests, report covered lines and branches in var/coverage; `coverage report` reads again; else arguments are ctest's
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/lanes.sh

build=$(build_dir coverage)
out=var/coverage
mkdir -p "$out" "$results"
if [ "${1:-}" != report ]; then
    scripts/setup.sh tests
    build_preset coverage
    find "$build" -name '*.gcda' -delete
    if [ -z "${AURORA_TEST_POSTGRES:-}" ]; then # else those of ./dev up
        trap lane_engines_down EXIT
        lane_engines
    fi
    # Each program stays in one process, so that its counters are written once. What fails is told by the
    # other lanes, too; here it only leaves lines uncovered.
    CK_FORK=no AURORA_SIM=short lane_ctest coverage coverage -LE '^(checks|examples)$' "$@"
    printf '%s\n' "${table[@]}"
fi

command -v gcovr >/dev/null || {
    echo "coverage: needs gcovr (./dev setup tests)" >&2
    exit 2
}
# A branch of AURORA_INVARIANT that is never taken is what the macro is for.
gcovr --root . --object-directory "$build" --filter src/ --filter daemons/ \
    --exclude-branches-by-pattern '.*AURORA_INVARIANT.*' --exclude-unreachable-branches \
    --json-summary "$out/summary.json" --html-details "$out/index.html" -j "${AURORA_JOBS:-$(nproc)}" >"$out/gcovr.log" 2>&1 || {
    tail -20 "$out/gcovr.log" >&2
    exit 1
}
echo "coverage: $out/index.html"
python3 scripts/lib/coverage.py "$out/summary.json"
