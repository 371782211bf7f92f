#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# aurora-sim from outside: bad arguments name option and rule, the number of processes changes no
# result, and the line that a failure ends with tells it again.
set -euo pipefail
sim=${AURORA_BIN:?}/aurora-sim
planted=${AURORA_BUILD_DIR:?}/tests/sim/aurora-sim-planted
if [ ! -x "$sim" ] || [ ! -x "$planted" ]; then
    echo "skipped: the simulation is not built"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "program: $*"
    failed=1
}

# says STATUS TEXT ARGUMENT...
says() {
    local expected=$1 text=$2 status=0
    shift 2
    "$sim" "$@" >"$work/said" 2>&1 || status=$?
    [ "$status" -eq "$expected" ] || fail "aurora-sim $*: ended with $status, not $expected"
    grep -qF -- "$text" "$work/said" || fail "aurora-sim $*: said $(head -1 "$work/said")"
}
says 2 'aurora-sim: --jobs must be 1 to 256' --jobs 0
says 2 'aurora-sim: --seeds must be 1 to 1000000000' --seeds 0
says 2 'aurora-sim: --minutes must be above 0 and at most 1000000' --minutes -1
says 2 'aurora-sim: --set drop must be 0 to 100, not "101"' --set drop=101
says 2 'aurora-sim: --set "dorp" is no option with a value' --set dorp=1
says 2 'aurora-sim: --wat is no option; --help names them' --wat 1
says 2 'aurora-sim: --plant is no option; --help names them' --plant NO_DEDUPE
printf 'one | - | what | test\n' >"$work/past"
says 2 "line 1: \"one\" is no seed" --past "$work/past"
printf '1 | -\n' >"$work/past"
says 2 'line 1: must be SEED | OPTIONS or - | WHAT IT WAS | TEST' --past "$work/past"
printf '1 | drop=0 | nothing | none\n' >"$work/past"
says 0 'past: seed 1 holds: nothing (none)' --past "$work/past" --seed 2
says 0 'seeds 1 to 1: every check held' --quiet

"$sim" --seeds 200 --jobs 1 --quiet | grep '^all traces' >"$work/one"
"$sim" --seeds 200 --jobs 3 --quiet | grep '^all traces' >"$work/three"
cmp -s "$work/one" "$work/three" || fail "one process and three give other traces"

status=0
"$planted" --plant NO_DEDUPE --seeds 200 --jobs 2 --quiet >"$work/said" || status=$?
[ "$status" -eq 1 ] || fail "a planted bug ends with $status, not 1"
again=$(sed -n 's/^again: aurora-sim //p' "$work/said")
status=0
# shellcheck disable=SC2086
"$planted" --plant NO_DEDUPE $again --quiet >"$work/again" || status=$?
[ "$status" -eq 1 ] || fail "again: $again: ended with $status, not 1"
[ "$(grep ' breaks ' "$work/said")" = "$(grep ' breaks ' "$work/again")" ] ||
    fail "again: $again: tells something else"
past=$(sed -n 's/^for tests\/sim\/past.txt: //p' "$work/said")
echo "$past" >"$work/past"
status=0
"$planted" --plant NO_DEDUPE --past "$work/past" >"$work/again" || status=$?
[ "$status" -eq 0 ] || fail "a past failure without its plant ended with $status"
exit "$failed"
