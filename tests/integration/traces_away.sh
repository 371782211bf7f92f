#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A collector of traces that is away, slow or ill.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurorad" ] || { echo "skipped: this build has no aurorad"; exit 77; }
exec python3 "$root/tests/http/traces_away.py" "$@"
