#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The console before a gateway and seven services over Kafka, in headless Chromium.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurorad" ] && [ -x "$AURORA_BIN/aurora-gateway" ] && [ -x "$AURORA_BIN/auroractl" ] ||
    { echo "skipped: this build has no programs"; exit 77; }
command -v node >/dev/null || { echo "skipped: node is not installed"; exit 77; }
exec node "$root/tests/console/cluster.mjs" "$@"
