#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bearer tokens at the edge: tests/http/tokens.py says what.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurorad" ] && [ -x "$AURORA_BIN/aurora-gateway" ] ||
    { echo "skipped: this build has no aurorad and aurora-gateway"; exit 77; }
exec python3 "$root/tests/http/tokens.py" "$@"
