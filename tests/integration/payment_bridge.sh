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
# Three authorizes, two captures and a refund.
if [ "$requests" -lt 6 ]; then
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
