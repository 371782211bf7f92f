#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What holds of a server holds of a gateway before it: the table of malformed requests, every
# operation of the description, real clients, a drain under load.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
cd "$root"
[ -x "$AURORA_BIN/aurora-gateway" ] || { echo "skipped: this build has no gateway"; exit 77; }

through() {
    local status=0
    python3 tests/http/through_gateway.py "tests/http/$1" "${@:2}" || status=$?
    case $status in
    0) ;;
    77) echo "skipped: $1" ;;
    *) exit "$status" ;;
    esac
}

through malformed.py
through openapi.py src/routes/openapi.json
through clients.py
through drain.py
