#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# /metrics of daemons: tests/http/metrics.py says what.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurorad" ] || { echo "skipped: this build has no aurorad"; exit 77; }
# The system's Python has the system's packages.
python=/usr/bin/python3
"$python" -c "import prometheus_client" 2>/dev/null || python=python3
"$python" -c "import prometheus_client" 2>/dev/null || {
    echo "skipped: needs python3-prometheus-client (./dev setup tests)"
    exit 77
}
exec "$python" "$root/tests/http/metrics.py" "$@"
