#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ./dev run: the lines that it prints work, a taken port is said, and a signal ends it in good order.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
ctl=$AURORA_BIN/auroractl
. "$root/tests/support/auroractl.sh"
[ -x "$AURORA_BIN/aurorad" ] && [ -x "$ctl" ] || skip "this build has no programs"
command -v curl >/dev/null || skip "needs curl"

folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
run=
end() {
    [ -z "$run" ] || kill -TERM "$run" 2>/dev/null || true
    [ -z "$run" ] || wait "$run" 2>/dev/null || true
    rm -rf "$folder"
}
trap end EXIT
export AURORA_RUN_LISTEN=127.0.0.1:0 AURORA_RUN_FOLDER=$folder/demo

# Twice: the second finds the catalogue and the orders of the first.
for _ in first second; do
    AURORA_SERVICE_SECRET="a secret of at least thirty-two bytes" \
        expect_status 0 "$root/scripts/run.sh" --check
    expect_words "run: all three worked"
done
verify_at_rest "sqlite:$folder/demo/demo.db"
expect_status 0 "$ctl" orders list --limit 1000 --json --store "sqlite:$folder/demo/demo.db"
[ "$(grep -o '"id":' <<<"$output" | wc -l)" = 42 ] || fail "not 40 orders and two: $output"
expect_status 2 "$root/scripts/run.sh" --chekc

# In the foreground, until somebody ends it.
"$root/scripts/run.sh" >"$folder/out" 2>&1 &
run=$!
for ((i = 0; i < 600; i++)); do
    ! grep -q "Ctrl-C ends it" "$folder/out" || break
    sleep 0.05
done
url=$(sed -n 's/^Aurora serves \(http:[^ ]*\) .*/\1/p' "$folder/out")
[ -n "$url" ] || fail "it does not serve: $(cat "$folder/out")"
curl -sf "$url/readyz" >/dev/null || fail "it is not ready: $(cat "$folder/out")"
AURORA_RUN_LISTEN=${url#http://} expect_status 1 "$root/scripts/run.sh"
expect_words "another program listens on ${url#http://}"
kill -TERM "$run"
wait "$run" || fail "it ends with status $?: $(cat "$folder/out")"
run=
! curl -sf "$url/readyz" >/dev/null || fail "the server outlives it"
verify_at_rest "sqlite:$folder/demo/demo.db"
echo "dev_run: the printed lines work"
