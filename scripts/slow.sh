#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: hold a gateway by slowhttptest in four modes while others are timed; --seconds N, --rounds N, --connections N
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

if [ -z "${AURORA_BIN:-}" ]; then
    build_preset release
fi
[ $# -gt 0 ] || set -- --seconds 8 --rounds 3
exec python3 tests/http/slow_attacks.py "$@"
