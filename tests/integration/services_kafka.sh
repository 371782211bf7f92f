#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The eight daemons over a real Kafka; tests/http/services.py says what happens. With stores of
# SQLite, and where AURORA_TEST_POSTGRES is set all on a database of their own there.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurora-gateway" ] || { echo "skipped: this build has no services"; exit 77; }
[ -n "${AURORA_TEST_KAFKA:-}" ] || { echo "skipped: AURORA_TEST_KAFKA is not set (./dev up)"; exit 77; }
command -v python3 >/dev/null || { echo "skipped: needs python3"; exit 77; }
export AURORA_TEST_KAFKA

stores=(sqlite:)
database=
drop() {
    [ -z "$database" ] || psql -q "$AURORA_TEST_POSTGRES" -c "DROP DATABASE IF EXISTS $database" || true
}
trap drop EXIT
if [ -n "${AURORA_TEST_POSTGRES:-}" ] && command -v psql >/dev/null; then
    database=aurora_t_$$_services
    psql -q "$AURORA_TEST_POSTGRES" -c "CREATE DATABASE $database"
    stores+=("${AURORA_TEST_POSTGRES%/*}/$database")
else
    echo "AURORA_TEST_POSTGRES is not set (./dev up): on SQLite alone"
fi
python3 "$root/tests/http/services.py" "${stores[@]}"
