#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Go's standard client.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurorad" ] || { echo "skipped: this build has no aurorad"; exit 77; }
command -v go >/dev/null || { echo "skipped: go is not installed"; exit 77; }
exec python3 "$root/tests/http/go_client.py" "$@"
