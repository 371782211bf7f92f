#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What an aurorad and a gateway send to a collector of traces.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurora-gateway" ] || { echo "skipped: this build has no aurora-gateway"; exit 77; }
exec python3 "$root/tests/http/traces.py" "$@"
