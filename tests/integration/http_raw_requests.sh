#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The table of raw requests through the gateway, and beside nginx and HAProxy.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin} PATH=$PATH:/usr/sbin
cd "$root"
[ -x "$AURORA_BIN/aurora-gateway" ] || { echo "skipped: this build has no aurora-gateway"; exit 77; }
exec python3 tests/http/raw_requests.py "$@"
