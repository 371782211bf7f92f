#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Alert rules of deploy/prometheus by promtool; tests/support/alert_mutants.py says what is tried.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
command -v promtool >/dev/null || { echo "skipped: needs promtool (./dev setup tests)"; exit 77; }
python3 -c 'import yaml' 2>/dev/null || { echo "skipped: needs PyYAML"; exit 77; }
exec python3 "$root/tests/support/alert_mutants.py"
