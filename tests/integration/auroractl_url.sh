#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# auroractl over --url says what it says over --store, of the same shop: tables, JSON, exit statuses.
# Writes are made at one shop by the store and at another over a server, and compared likewise.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
ctl=${AURORA_BIN:-$root/build/bin}/auroractl
aurorad=${AURORA_BIN:-$root/build/bin}/aurorad
. "$root/tests/support/auroractl.sh"
. "$root/tests/support/aurorad.sh"
[ -x "$ctl" ] || skip "this build has no auroractl"
[ -x "$aurorad" ] || skip "this build has no aurorad"

folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
end() {
    server_stop KILL
    rm -rf "$folder"
}
trap end EXIT
unset AURORA_STORE AURORA_SERVICE_SECRET AURORA_SERVICE_SECRET_FILE
served=sqlite:$folder/served.db
direct=sqlite:$folder/direct.db
printf 'a secret of at least thirty-two bytes\n' >"$folder/secret"

# What differs from one shop or one reading to the next: ids, times, ages, cursors.
plain() {
    sed -E -e 's/"next_cursor":"[^"]*"/"next_cursor":"..."/g' -e 's/--cursor [^ ]*/--cursor .../' \
        -e 's/"age_ms":[0-9]+/"age_ms":0/g'
}
bare() {
    plain | sed -E -e 's/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/ID/g' \
        -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+Z?/TIME/g' -e 's/"source":"[^"]*"/"source":""/g' \
        -e 's/"id":"[^"]*"/"id":""/g'
}

# answer FILTER COMMAND...: its exit status and both outputs; a refusal has words of its own.
answer() {
    local filter=$1 status=0
    shift
    "$@" >"$folder/out" 2>"$folder/err" || status=$?
    echo "exit $status"
    "$filter" <"$folder/out"
    [ "$status" != 0 ] || "$filter" <"$folder/err"
}

# same ARGUMENT...: one shop, asked both ways.
same() {
    answer plain "$ctl" "$@" --store "$served" >"$folder/by_store"
    answer plain "$ctl" "$@" --url "$server_url" >"$folder/by_url"
    diff "$folder/by_store" "$folder/by_url" >"$folder/diff" ||
        fail "'$*' differs by --store (<) and --url (>): $(cut -c1-400 "$folder/diff")"
}

# alike ARGUMENT...: two shops, one asked each way.
alike() {
    answer bare "$ctl" "$@" --store "$direct" >"$folder/by_store"
    answer bare "$ctl" "$@" --url "$server_url" >"$folder/by_url"
    diff "$folder/by_store" "$folder/by_url" >"$folder/diff" ||
        fail "'$*' differs by --store (<) and --url (>): $(cut -c1-400 "$folder/diff")"
}

# first_id SHOP...: of the newest order.
first_id() {
    "$ctl" orders list --limit 1 --json "$@" | sed 's/.*"items":\[{"id":"\([^"]*\)".*/\1/'
}

# --- with a secret: requests are signed -------------------------------------------------------------
export AURORA_SERVICE_SECRET_FILE=$folder/secret
server_start "$served"
"$ctl" seed --store "$direct" --orders 30 --json >"$folder/by_store"
"$ctl" seed --url "$server_url" --orders 30 --json >"$folder/by_url"
cmp "$folder/by_store" "$folder/by_url"
"$ctl" seed --url "$server_url" --orders 30 --json | cmp - "$folder/by_url"
alike orders export
alike products export --json
alike stock list --limit 1000 --json

for form in "" --json; do
    # shellcheck disable=SC2086
    {
        same orders list $form
        same orders list --limit 3 $form
        same orders list --status COMPLETED --customer guest-17 $form
        same orders list --reference seed-3 --from 2020-01-01 --to "2090-01-01T00:00:00Z" $form
        same orders list --status FAILED $form
        same orders show "$(first_id --store "$served")" $form
        same orders show 00000000-0000-7000-8000-000000000001 $form
        same products list --limit 7 $form
        same products list --category Garden $form
        same products show tent-two $form
        same products show nothing $form
        same products export $form
        same products export --category Kids $form
        same stock list --limit 5 $form
        same stock list --below 4 $form
        same stock show tent-two $form
        same sagas list $form
        same sagas list --parked --participant payment --age 1h $form
        same sagas show "$(first_id --store "$served")" $form
        same search hammock $form
        same search "wool blankt" --limit 3 $form
        same search zzzzzz $form
        same dead-letters list --consumer inventory $form
        same notifications list --state FAILED $form
        same events tail $form
        same events tail --after 0 --limit 3 $form
        same events tail --after 20 --limit 250 $form
    }
done
same orders export
same orders export --status FAILED
same orders list --limit 0
same orders list --status DONE
same events tail --after 999999999999

# --- writes -----------------------------------------------------------------------------------------
alike stock receive tent-two 4 --key delivery-1
alike stock receive tent-two 4 --key delivery-1
alike stock receive tent-two 5 --key delivery-1
alike stock receive "a new/one" 4
alike stock receive "größe 42" 4 --json
alike stock adjust tent-two -1 --reason torn --key torn-1 --json
alike stock adjust tent-two -1 --reason torn
for shop in "--store $direct" "--url $server_url"; do
    # shellcheck disable=SC2086
    {
        order=$(first_id $shop)
        expect_status 0 "$ctl" orders cancel "$order" --actor ann --note "too large" $shop --json
        expect_words '"reason":"operator"'
        expect_status 0 "$ctl" orders show "$order" $shop --json
        expect_words '"actor":"ann","note":"too large"'
        expect_status 0 "$ctl" orders cancel "$order" --actor ann $shop
        expect_status 1 "$ctl" sagas retry "$order" --participant payment --note again $shop
        expect_status 1 "$ctl" sagas mark "$order" --participant payment --result captured $shop
        expect_status 2 "$ctl" sagas mark "$order" --participant payment --result reserved $shop
        expect_status 1 "$ctl" sagas compensate "$order" $shop
        expect_status 1 "$ctl" dead-letters redrive inventory "$order" $shop
        expect_status 1 "$ctl" stock adjust tent-two -500 --reason torn $shop
        expect_status 1 "$ctl" stock receive tent-two 5 --key delivery-1 $shop
    }
done
printf 'sku,name,price_minor,currency,description\na,A,1,EUR,"a ""b"""\nb,B,-1,EUR,\nc,,1,EUR,\nd,D,1,EURO,\n' \
    >"$folder/some.csv"
"$ctl" products import "$folder/some.csv" --store "$direct" >"$folder/by_store" 2>&1 || true
"$ctl" products import "$folder/some.csv" --url "$server_url" >"$folder/by_url" 2>&1 || true
for word in "line 3: price_minor" "line 4: name" "line 5: currency" "1 products stored, 3 refused"; do
    grep -qF "$word" "$folder/by_store" || fail "no '$word' by the store: $(cat "$folder/by_store")"
    grep -qF "$word" "$folder/by_url" || fail "no '$word' over HTTP: $(cat "$folder/by_url")"
done
same products show a

# --- pages go on where they ended -------------------------------------------------------------------
"$ctl" orders list --limit 20 --url "$server_url" --json >"$folder/page"
cursor=$(sed 's/.*"next_cursor":"\([^"]*\)".*/\1/' "$folder/page")
"$ctl" orders list --limit 1000 --cursor "$cursor" --url "$server_url" --json >"$folder/rest"
[ "$(cat "$folder/page" "$folder/rest" | grep -o '"reference":"seed-' | wc -l)" = 30 ] ||
    fail "two pages have not the 30 orders"
expect_status 2 "$ctl" orders list --cursor nonsense --url "$server_url"
expect_words "[400 invalid_cursor]"

# --- events that come while somebody looks ----------------------------------------------------------
"$ctl" events tail --follow --url "$server_url" >"$folder/tail" &
follower=$!
"$ctl" stock receive tent-two 1 --url "$server_url" >/dev/null
"$ctl" seed --orders 31 --url "$server_url" >/dev/null
for ((i = 0; i < 200; i++)); do
    [ "$(grep -c order.completed "$folder/tail")" -lt 2 ] || break
    sleep 0.05
done
kill "$follower"
wait "$follower" 2>/dev/null || true
grep -q order.created "$folder/tail" || fail "no event was followed: $(cat "$folder/tail")"

# --- who is not let in ------------------------------------------------------------------------------
AURORA_SERVICE_SECRET_FILE= expect_status 2 "$ctl" orders list --url "$server_url"
expect_words "give --service-secret"
expect_words "[401 unauthorized]"
expect_status 2 "$ctl" orders list --url "$server_url" \
    --service-secret "another secret of at least thirty-two bytes"
expect_words "[401 unauthorized]"
AURORA_SERVICE_SECRET_FILE=$folder/nowhere expect_status 2 "$ctl" orders list --url "$server_url"
expect_words "No such file"

# --- a server that is away --------------------------------------------------------------------------
server_stop TERM
expect_status 2 "$ctl" orders list --url "$server_url"
expect_words "cannot be reached"
"$ctl" orders list --retry-for 60s --url "$server_url" --json >"$folder/late" &
waiter=$!
server_start "$served"
wait "$waiter" || fail "the server came back, and auroractl did not see it"
grep -q '"items"' "$folder/late" || fail "no orders: $(cat "$folder/late")"
server_stop TERM
verify_at_rest "$served"
verify_at_rest "$direct"

# --- without a secret the server is open, to this machine -------------------------------------------
unset AURORA_SERVICE_SECRET_FILE
server_port=
served=sqlite:$folder/open.db
server_start "$served"
expect_status 0 "$ctl" seed --orders 5 --url "$server_url" --json
expect_words '"orders":5'
same orders list
expect_status 0 "$ctl" stock receive tent-two 2 --key k --url "$server_url" --json
server_stop TERM
verify_at_rest "$served"
echo "auroractl_url: by the server as by the store"
