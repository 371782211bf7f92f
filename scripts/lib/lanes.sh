# SPDX-License-Identifier: MIT
# Sourced by test.sh: lanes of tests and the sum of what they found.

passed=0
failed=0
skipped=0
results=var/test
table=()
still=() # a prefix that keeps the address space still, where the machine has one

# lane_count LANE PASSED FAILED SKIPPED SECONDS
lane_count() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    skipped=$((skipped + $4))
    table+=("$(printf '%-24s %4d passed %3d failed %3d skipped %5d s' "$@")")
}

# lane_build LANE PRESET: a build that fails counts as a failure; what it did build is still tested.
lane_build() {
    local begin=$SECONDS
    echo
    echo "== $1: build"
    if ! AURORA_KEEP_GOING=1 build_preset "$2"; then
        lane_count "$1 build" 0 1 0 $((SECONDS - begin))
    fi
}

# lane_ctest LANE PRESET [CTEST ARGUMENT...]
lane_ctest() {
    local lane=$1 preset=$2 report=$results/$1.xml begin=$SECONDS counts
    shift 2
    echo
    echo "== $lane: tests"
    rm -f "$report"
    "${still[@]}" ctest --test-dir "$(build_dir "$preset")" --output-on-failure --no-tests=ignore \
        --parallel "${AURORA_JOBS:-$(nproc)}" --output-junit "$PWD/$report" "$@" || true
    counts=$(python3 scripts/lib/junit.py "$report") || counts="0 1 0"
    # shellcheck disable=SC2086
    lane_count "$lane" $counts $((SECONDS - begin))
}

# lane_valgrind LANE PROGRAM...: each program in one process under memcheck. One that needs half
# a second by itself would need half a minute here and is skipped.
lane_valgrind() {
    local lane=$1 program rc good=0 bad=0 slow=0 begin=$SECONDS log
    shift
    local -x AURORA_SOURCE_DIR=$PWD AURORA_BUILD_DIR=$PWD/build AURORA_BIN=$PWD/build/bin
    echo
    echo "== $lane: tests"
    for program in "$@"; do
        log=$results/valgrind-$(basename "$program").log
        rc=0
        CK_FORK=no timeout 0.5 "$program" >/dev/null 2>&1 || rc=$?
        if [ "$rc" -eq 124 ] || [ "$rc" -eq 77 ]; then
            slow=$((slow + 1))
            continue
        fi
        if CK_FORK=no AURORA_VALGRIND=1 timeout 120 valgrind -q --error-exitcode=9 \
            --leak-check=full --errors-for-leak-kinds=definite,indirect "$program" \
            >"$log" 2>&1; then
            good=$((good + 1))
        else
            echo "$program: failed under valgrind"
            tail -40 "$log"
            bad=$((bad + 1))
        fi
    done
    echo "$lane: $good passed, $bad failed, $slow skipped as slow or skipping themselves"
    lane_count "$lane" "$good" "$bad" "$slow" $((SECONDS - begin))
}
