#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The bridge of examples/ serves the program beside it, and refuses it with another secret. With
# aurorad it also answers late, by the signed callback.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${AURORA_BUILD_DIR:-$root/build}
program=$build/examples/payment_over_http
bin=${AURORA_BIN:-$build/bin}

if [ ! -x "$program" ]; then
    echo "skipped: this build has no examples over libaurora-net"
    exit 77
fi
if ! command -v python3 >/dev/null; then
    echo "skipped: no python3"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
started=()
stop_all() {
    local pid
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap stop_all EXIT

# await FILE PATTERN: prints the line once it is there.
await() {
    local i
    for ((i = 0; i < 300; i++)); do
        grep -m 1 -E "$2" "$1" 2>/dev/null && return
        sleep 0.1
    done
    echo "payment_bridge: '$2' never came:" >&2
    cat "$1" >&2
    return 1
}

# start_bridge NAME [VARIABLE=VALUE...]: leaves its URL in $url.
start_bridge() {
    local name=$1
    shift
    env PAYMENT_SECRET=hush "$@" python3 "$root/examples/payment_bridge.py" 0 \
        >"$work/$name.out" 2>"$work/$name.log" &
    started+=($!)
    url=$(await "$work/$name.out" '^bridge on ')
    url=${url#bridge on }
}

start_bridge plain
awk '/^ \*\// {exit} inside {sub(/^ \*   /, ""); print} /it prints:$/ {inside = 1}' \
    "$root/examples/payment_over_http.c" >"$work/expected"
"$program" "$url" hush >"$work/printed"
diff -u --label "payment_over_http.c says" --label "it prints" "$work/expected" "$work/printed"
requests=$(wc -l <"$work/plain.log")
# Three authorizes, a capture, and what gives back the money of the cancelled one: a void or, where
# the capture was faster, a refund.
if [ "$requests" -lt 5 ]; then
    echo "payment_bridge: the bridge saw only $requests requests"
    exit 1
fi
echo "payment_bridge: pays, declines and refunds"

status=0
timeout 4 "$program" "$url" another >"$work/printed" 2>&1 || status=$?
if [ "$status" -ne 124 ] || grep -q COMPLETED "$work/printed" ||
    ! grep -q ' 401 ' "$work/plain.log"; then
    echo "payment_bridge: another secret was not refused: $(cat "$work/printed")"
    exit 1
fi
echo "payment_bridge: another secret is refused, and declines nobody"

if [ ! -x "$bin/aurorad" ]; then
    echo "payment_bridge: this build has no aurorad: callbacks are not tried"
    exit 0
fi

# The bridge must know the server's address and the server the bridge's: a port is chosen for the
# bridge, which listens on it a moment later.
port=$(python3 "$root/scripts/lib/free_port.py" $$)
(cd "$work" && AURORA_PAYMENT_SECRET=hush exec "$bin/aurorad" --listen 127.0.0.1:0 --store memory: \
    --payment "http://127.0.0.1:$port/" --retry-first 30s --log-format json) >"$work/aurorad.log" 2>&1 &
started+=($!)
server=$(await "$work/aurorad.log" 'listening on http:[^"]*' | sed 's/.*listening on \(http:[^"]*\).*/\1/')
env PAYMENT_SECRET=hush CALLBACK_URL="$server/payments/callbacks" \
    python3 "$root/examples/payment_bridge.py" "$port" >"$work/late.out" 2>"$work/late.log" &
started+=($!)
await "$work/late.out" '^bridge on ' >/dev/null

post() {
    curl -sS --fail-with-body -H 'Content-Type: application/json' "$@"
}
post "$server/products" -d '{"sku":"cup","name":"Cup","price_minor":1250,"currency":"EUR"}' >/dev/null
post "$server/inventory/cup/receipts" -H 'Idempotency-Key: first' -d '{"quantity":10}' >/dev/null
order=$(post "$server/orders" -H 'Prefer: wait=20' \
    -d '{"lines":[{"sku":"cup","quantity":2}],"currency":"EUR","payment_method":"card_good"}')
if ! grep -q '"status":"COMPLETED"' <<<"$order" || ! grep -q ' 202 ' "$work/late.log"; then
    echo "payment_bridge: by callback the order is $order"
    cat "$work/late.log" "$work/aurorad.log"
    exit 1
fi
if [ "$(curl -s -o /dev/null -w '%{http_code}' "$server/payments/callbacks" \
    -H 'Content-Type: application/json' -H 'Aurora-Timestamp: 1' -H 'Aurora-Signature: 00' \
    -d '{"task_id":"x","outcome":"done"}')" != 401 ]; then
    echo "payment_bridge: a callback with a wrong signature is not refused"
    exit 1
fi
if grep -q hush "$work/aurorad.log"; then
    echo "payment_bridge: the log shows the secret"
    exit 1
fi
echo "payment_bridge: a 202 and the signed callback complete an order of aurorad"
