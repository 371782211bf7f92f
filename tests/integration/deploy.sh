#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# aurorad by the image's environment alone: it listens beyond loopback with a key from a file, refuses to
# without one, and the image's health check says how it is.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
aurorad=${AURORA_BIN:-$root/build/bin}/aurorad

if [ ! -x "$aurorad" ]; then
    echo "skipped: this build has no aurorad"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "deploy: $*"
    cat log
    exit 1
}

export AURORA_LISTEN=0.0.0.0:0 AURORA_STORE=sqlite:$work/aurora.db AURORA_LOG_FORMAT=json
if "$aurorad" >log 2>&1; then
    fail "without a key it listens to everybody"
fi
grep -q service_secret log || fail "the refusal does not name service_secret"

echo "0123456789abcdef0123456789abcdef" >secret
AURORA_SERVICE_SECRET_FILE=$work/secret "$aurorad" >log 2>&1 &
pid=$!
for ((i = 0; i < 300; i++)); do
    port=$(sed -n 's/.*listening on http:[^"]*:\([0-9]*\)".*/\1/p' log | head -1)
    [ -z "$port" ] || break
    kill -0 "$pid" 2>/dev/null || fail "it does not start"
    sleep 0.1
done
[ -n "$port" ] || fail "it never says where it listens"
"$root/deploy/healthcheck.sh" "$port" || fail "the health check says no"
! "$root/deploy/healthcheck.sh" "$port" /orders || fail "401 passes for healthy"

kill -TERM "$pid"
wait "$pid" || fail "it ends with $?"
pid=
! "$root/deploy/healthcheck.sh" "$port" 2>/dev/null || fail "nobody passes for healthy"
echo "deploy: key from a file, health, and a stop by SIGTERM"
