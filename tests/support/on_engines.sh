# SPDX-License-Identifier: MIT
# Sourced: `on_engines SCRIPT [ARGUMENT...]` runs a script of tests/http that wants the daemons over
# PostgreSQL and Kafka (Redis and OpenSearch where they are there too), or says what is missing.

root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}

on_engines() {
    local name
    for name in gateway product order inventory payment search recommendation notification; do
        [ -x "$AURORA_BIN/aurora-$name" ] || skip "this build has no aurora-$name"
    done
    [ -n "${AURORA_TEST_POSTGRES:-}" ] || skip "AURORA_TEST_POSTGRES is not set (./dev up)"
    [ -n "${AURORA_TEST_KAFKA:-}" ] || skip "AURORA_TEST_KAFKA is not set (./dev up)"
    for name in python3 psql kcat; do
        command -v "$name" >/dev/null || skip "needs $name"
    done
    exec python3 "$root/tests/http/$1" "${@:2}"
}

skip() {
    echo "skipped: $*"
    exit 77
}
