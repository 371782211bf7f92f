#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A replay over --url stores what one by the store does: with full stock, with too little, with
# returns; a second run changes nothing; and kill -9 of the server during it loses and doubles
# nothing. AURORA_SEED repeats a run, AURORA_KILLS says how many.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
ctl=${AURORA_BIN:-$root/build/bin}/auroractl
aurorad=${AURORA_BIN:-$root/build/bin}/aurorad
data=${AURORA_DATA:-$root/../shared/data}/online_retail.csv.xz
. "$root/tests/support/auroractl.sh"
. "$root/tests/support/aurorad.sh"
need_replay
[ -x "$aurorad" ] || skip "this build has no aurorad"

folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
end() {
    server_stop KILL
    rm -rf "$folder"
}
trap end EXIT
seed=${AURORA_SEED:-$RANDOM}
kills=${AURORA_KILLS:-6}
RANDOM=$seed
echo "replay_url: seed $seed, $kills kills"
unset AURORA_STORE
printf 'a secret of at least thirty-two bytes\n' >"$folder/secret"
export AURORA_SERVICE_SECRET_FILE=$folder/secret

xz -dc "$data" >"$folder/retail.csv"
python3 "$root/tests/support/retail.py" "$data" >"$folder/expected"

# replay NAME OPTION...: over the server that runs, and what it should say.
replay() {
    local name=$1 expected actual
    shift
    expected=$(sed -n "s/^$name //p" "$folder/expected")
    actual=$("$ctl" replay --format online-retail "$folder/retail.csv" --url "$server_url" --json "$@")
    echo "replay_url: $name: $actual"
    actual=$(without_seconds "$actual")
    [ "$actual" = "$expected" ] || fail "$name gives $actual, expected $expected"
}

# --- undisturbed, and again -----------------------------------------------------------------------
server_start "sqlite:$folder/full.db"
replay full --stock full
replay full --stock full
expect_status 1 "$ctl" replay --format online-retail "$folder/retail.csv" --url "$server_url" \
    --stock 61 --until 2010-12-02
expect_words "was stocked by a replay with another --stock"
server_stop TERM
verify_at_rest "sqlite:$folder/full.db"

# --- too little stock: who gets it is settled by the order of the file ------------------------------
server_start "sqlite:$folder/scarce.db"
replay stock_20_before_2011_05 --stock 20 --until 2011-05-01
server_stop TERM
verify_at_rest "sqlite:$folder/scarce.db"

# --- the server is killed again and again -----------------------------------------------------------
killed=sqlite:$folder/killed.db
server_start "$killed"
"$ctl" replay --format online-retail "$folder/retail.csv" --url "$server_url" --returns --json \
    --retry-for 2m >"$folder/answer" 2>"$folder/complaints" &
client=$!
hit=0
for ((i = 0; i < kills; i++)); do
    sleep "0.$((RANDOM % 900 + 100))"
    kill -0 "$client" 2>/dev/null || break
    server_stop KILL
    hit=$((hit + 1))
    sleep "0.$((RANDOM % 400))"
    server_start "$killed"
done
wait "$client" || fail "the replay gave up: $(cat "$folder/complaints")"
echo "replay_url: returns, $hit kills: $(cat "$folder/answer")"
[ "$(without_seconds "$(cat "$folder/answer")")" = "$(sed -n 's/^returns //p' "$folder/expected")" ] ||
    fail "with kills: $(cat "$folder/answer"), expected $(grep '^returns ' "$folder/expected")"
[ "$hit" = "$kills" ] || echo "replay_url: only $hit of $kills kills hit"
((hit > 0)) || fail "no kill hit the replay"
replay returns --returns
server_stop TERM
verify_at_rest "$killed"
[ "$("$ctl" orders export --store "$killed" | wc -l)" = 18532 ] || fail "orders are lost or doubled"
echo "replay_url: the same as by the store"
