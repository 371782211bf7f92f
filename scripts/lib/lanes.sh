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

# lane_engines: PostgreSQL, Redis, Kafka, OpenSearch and Jaeger for this run alone, and the variables by
# which tests find them. Tests of an engine that cannot be had skip themselves.
lane_engines() {
    local name why missing=()
    echo
    echo "== engines"
    export AURORA_ENGINES_DIR=$PWD/var/test-engines AURORA_ENGINES_JIT=quick
    ./dev down --wipe >/dev/null 2>&1 || true # of a run that was cut off
    ./dev up postgres redis kafka opensearch jaeger || true
    # shellcheck source=/dev/null
    . "$AURORA_ENGINES_DIR/env"
    for name in postgres redis kafka opensearch jaeger; do
        if ! grep -q "^export AURORA_TEST_${name^^}=" "$AURORA_ENGINES_DIR/env"; then
            why=$(scripts/engines/engine.sh "$name" why-not 2>&1 | tail -1)
            echo "engines: tests of $name are skipped: ${why:-it does not come up}"
            missing+=("$name")
        fi
    done
    table+=("$(printf '%-24s %s' engines "${missing[*]:+skipped, not to be had: }${missing[*]:-all five}")")
}

lane_engines_down() {
    ./dev down --wipe >/dev/null || true
}

# lane_threaded PRESET: the tests whose programs can start a thread, as a pattern for ctest. What every
# program can by its library, a test that says `ctest: one thread` does not.
lane_threaded() {
    local program names=()
    for program in "$(build_dir "$1")"/tests/*/test_*; do
        # Not grep -q: it ends at the first line, and nm, cut off, fails the pipe.
        if nm -D --undefined-only "$program" 2>/dev/null | grep -E ' (pthread_create|thrd_create)' >/dev/null; then
            program=${program#"$(build_dir "$1")"/tests/}
            ! grep -qs 'ctest: one thread' "tests/${program}.c" || continue
            names+=("${program/\/test_//}")
        fi
    done
    (IFS='|' && echo "^(${names[*]:-none})\$")
}

# lane_msan LANE SEEDS: the core and the simulation, which need no foreign library, under clang's MemorySanitizer; and
# the trace of the same seeds must be what gcc's release build leaves (I14).
lane_msan() {
    local lane=$1 seeds=$2 begin=$SECONDS found wanted verdict=0
    echo
    echo "== $lane: tests"
    if ! command -v clang-14 >/dev/null; then
        echo "$lane: skipped: needs clang-14"
        lane_count "$lane" 0 0 1 0
        return
    fi
    if build_preset msan aurora-sim >"$results/$lane.log" 2>&1 &&
        "$(build_dir msan)/bin/aurora-sim" --seeds "$seeds" --quiet >>"$results/$lane.log" 2>&1; then
        found=$(grep -oE 'all traces: [0-9a-f]+' "$results/$lane.log")
        wanted=$(build/bin/aurora-sim --seeds "$seeds" --quiet | grep -oE 'all traces: [0-9a-f]+')
        [ -n "$found" ] && [ "$found" = "$wanted" ] || verdict=1
        echo "$lane: $seeds seeds, $found, of gcc $wanted"
    else
        verdict=1
        tail -40 "$results/$lane.log"
    fi
    lane_count "$lane" $((1 - verdict)) "$verdict" 0 $((SECONDS - begin))
}

# lane_valgrind LANE PROGRAM...: each program in one process under memcheck, as many at once as there are processors.
lane_valgrind() {
    local lane=$1 program rc good=0 bad=0 skips=0 begin=$SECONDS
    shift
    local -x AURORA_SOURCE_DIR=$PWD AURORA_BUILD_DIR=$PWD/build AURORA_BIN=$PWD/build/bin AURORA_LOGS=$results/$lane
    echo
    echo "== $lane: tests"
    rm -rf "$AURORA_LOGS"
    mkdir -p "$AURORA_LOGS"
    printf '%s\0' "$@" | xargs -0 -r -n 1 -P "${AURORA_JOBS:-$(nproc)}" bash -c '
        log=$AURORA_LOGS/$(basename "$1")
        rc=0
        CK_FORK=no AURORA_VALGRIND=1 timeout 300 valgrind -q --error-exitcode=9 --leak-check=full \
            --errors-for-leak-kinds=definite,indirect "$1" >"$log.log" 2>&1 || rc=$?
        echo "$rc" >"$log.rc"' memcheck
    for program in "$@"; do
        program=$(basename "$program")
        rc=$(cat "$AURORA_LOGS/$program.rc") || rc=none
        case $rc in
        0) good=$((good + 1)) ;;
        77) skips=$((skips + 1)) ;;
        *)
            echo "$program: failed under valgrind ($rc)"
            tail -40 "$AURORA_LOGS/$program.log"
            bad=$((bad + 1))
            ;;
        esac
    done
    echo "$lane: $good passed, $bad failed, $skips skip themselves"
    lane_count "$lane" "$good" "$bad" "$skips" $((SECONDS - begin))
}
