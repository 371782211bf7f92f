#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# kill -9 at random moments of a replay, then the same command again: it resumes, no order is lost
# or doubled, and every invariant holds: with payments inline (an order is one commit), by calls that
# take a while (an order is several), and with too little stock. AURORA_SEED repeats a run,
# AURORA_KILLS says how many.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
ctl=${AURORA_BIN:-$root/build/bin}/auroractl
data=${AURORA_DATA:-$root/../shared/data}/online_retail.csv.xz
. "$root/tests/support/auroractl.sh"
need_replay

folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
seed=${AURORA_SEED:-$RANDOM}
kills=${AURORA_KILLS:-20}
RANDOM=$seed
echo "replay_kill: seed $seed, $kills kills"

# A third of the year leaves time for many kills and is long enough to be hit anywhere.
xz -dc "$data" >"$folder/retail.csv"
options=(--format online-retail "$folder/retail.csv" --until 2011-05-01 --json)
cases=$(python3 "$root/tests/support/retail.py" "$data")
expected=$(sed -n 's/^full_before_2011_05 //p' <<<"$cases")
amid_all=0
total=$(json_number orders "$expected")

# run_and_kill STORE MILLISECONDS OPTION...: true when the replay was still running.
run_and_kill() {
    local store=$1 ms=$2 pid
    shift 2
    "$ctl" replay "${options[@]}" --store "$store" "$@" >/dev/null 2>&1 &
    pid=$!
    sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))"
    kill -9 "$pid" 2>/dev/null || true
    ! wait "$pid" 2>/dev/null
}

# finish NAME STORE OPTION...: the same command without a kill.
finish() {
    local name=$1 store=$2 actual count
    shift 2
    actual=$("$ctl" replay "${options[@]}" --store "$store" "$@")
    echo "replay_kill: $name: $actual"
    actual=$(without_seconds "$actual")
    [ "$actual" = "$expected" ] || fail "$name gives $actual, expected $expected"
    count=$("$ctl" orders export --store "$store" | wc -l)
    [ "$count" = "$total" ] || fail "$name: the store has $count orders, expected $total"
    verify_at_rest "$store"
}

# kill_and_resume NAME KILLS PERCENT STORES OPTION...: kills within the first PERCENT of the time that
# a whole replay takes. A store that is complete all the same is checked and gives way to a new one,
# until that was the last of STORES.
kill_and_resume() {
    local name=$1 count=$2 percent=$3 stores=$4 number=0 hit=0 amid=0 orders=0 before span file
    shift 4
    span=$(date +%s%3N)
    "$ctl" replay "${options[@]}" --store "sqlite:$folder/$name-whole.db" "$@" >/dev/null
    span=$(($(date +%s%3N) - span))
    file=$folder/$name-$number.db
    for ((i = 0; i < count && number < stores; i++)); do
        before=$orders
        if run_and_kill "sqlite:$file" $((RANDOM * span / 32768 * percent / 100)) "$@"; then
            hit=$((hit + 1))
        fi
        # Before its first commit a store is none yet.
        if ! "$ctl" orders list --limit 1 --store "sqlite:$file" >/dev/null 2>&1; then
            ((before == 0)) || fail "$name: the store cannot be opened after a kill"
            continue
        fi
        ((i % 3 > 0)) || verify "sqlite:$file"
        orders=$("$ctl" orders export --store "sqlite:$file" | wc -l)
        ((orders >= before)) || fail "$name: $before orders before a kill, $orders after it"
        ((orders == 0 || orders == total)) || amid=$((amid + 1))
        if ((orders == total)); then
            finish "$name" "sqlite:$file" "$@"
            number=$((number + 1))
            file=$folder/$name-$number.db
            orders=0
        fi
    done
    ((number == stores)) || finish "$name" "sqlite:$file" "$@"
    echo "replay_kill: $name: $hit of $i kills hit, $amid of them amid the orders"
    amid_all=$((amid_all + amid))
}

kill_and_resume inline $((kills * 5 / 10)) 80 "$kills"
# One store only: calls that a kill cut off are asked again after a lease of half a minute.
kill_and_resume calls $((kills - kills * 7 / 10)) 40 1 --payment "simulator:?latency_ms=1"
# Too little stock: who gets it is settled by the order of the file, with kills as without.
expected=$(sed -n 's/^stock_20_before_2011_05 //p' <<<"$cases")
kill_and_resume scarce $((kills * 2 / 10)) 80 "$kills" --stock 20
((amid_all > 0)) || fail "no kill hit amid the orders"
