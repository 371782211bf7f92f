#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every expression of dashboards, rules and alerts by a real Prometheus, over the daemons and an
# aurorad under load; tests/http/dashboards.py says what is done to them.
set -euo pipefail
. "$(dirname "$0")/../support/on_engines.sh"
for name in prometheus openssl; do
    command -v "$name" >/dev/null || skip "needs $name (./dev setup tests)"
done
[ -n "${AURORA_TEST_REDIS:-}" ] || skip "AURORA_TEST_REDIS is not set (./dev up)"
[ -n "${AURORA_TEST_OPENSEARCH:-}" ] || skip "AURORA_TEST_OPENSEARCH is not set (./dev up)"
python3 -c "import yaml" 2>/dev/null || skip "needs python3-yaml (./dev setup tests)"
on_engines dashboards.py
