#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ./dev watch over an aurorad: its target is up, its alerts are loaded, and a signal ends it.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
aurorad=${AURORA_BIN:-$root/build/bin}/aurorad
[ -x "$aurorad" ] || { echo "skipped: this build has no aurorad"; exit 77; }
command -v prometheus >/dev/null || { echo "skipped: needs prometheus (./dev setup tests)"; exit 77; }
for name in ${!AURORA_@}; do # what the test run set is no setting
    unset "$name"
done

work=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
pids=()
trap 'for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done; wait; rm -rf "$work"' EXIT
free_port() {
    python3 "$root/scripts/lib/free_port.py" $$
}
# until_is SECONDS COMMAND...
until_is() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || { echo "watch: not in time: $*"; cat "$work"/*.log; exit 1; }
        sleep 0.2
    done
}

port=$(free_port)
address=127.0.0.1:$(free_port)
"$aurorad" --store memory: --listen "127.0.0.1:$port" >"$work/aurorad.log" 2>&1 &
pids+=($!)
AURORA_CLUSTER_DIR=$work/cluster AURORA_WATCH_FOLDER=$work/watch AURORA_WATCH_LISTEN=$address \
    "$root/dev" watch "aurorad=127.0.0.1:$port" >"$work/watch.log" 2>&1 &
watch=$!
pids+=("$watch")
is_up() {
    curl -sf "http://$address/api/v1/query" --data-urlencode 'query=up{service="aurorad"} == 1' 2>/dev/null |
        grep -q '"service":"aurorad"'
}
until_is 60 is_up
curl -sf "http://$address/api/v1/rules" | grep -q AuroraInstanceDown || { echo "watch: no alerts"; exit 1; }
grep -q "^alerts .*http://$address/alerts" "$work/watch.log" || { cat "$work/watch.log"; exit 1; }

kill -TERM "$watch"
wait "$watch" || { echo "watch: ends with $?"; cat "$work/watch.log"; exit 1; }
! curl -s -o /dev/null "http://$address/" || { echo "watch: its Prometheus is left behind"; exit 1; }
"$root/dev" watch nonsense >"$work/refusal.log" 2>&1 && { echo "watch: takes anything"; exit 1; }
grep -q "'nonsense' is not SERVICE=HOST:PORT" "$work/refusal.log" || { cat "$work/refusal.log"; exit 1; }
echo "watch: up, with alerts, and ended"
