#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Others are served as before while slowhttptest holds 1,000 connections: tests/http/slow_attacks.py.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
cd "$root"
[ -x "$AURORA_BIN/aurora-gateway" ] || { echo "skipped: this build has no aurora-gateway"; exit 77; }
exec python3 tests/http/slow_attacks.py "$@"
