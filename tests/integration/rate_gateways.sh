#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Several gateways and one Redis admit no more than their policies; tests/http/rate_gateways.py.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
for program in aurorad aurora-gateway; do
    [ -x "$AURORA_BIN/$program" ] || { echo "skipped: this build has no $program"; exit 77; }
done
command -v python3 >/dev/null || { echo "skipped: needs python3"; exit 77; }
[ -n "${AURORA_TEST_REDIS:-}" ] || { echo "skipped: AURORA_TEST_REDIS is not set (./dev up)"; exit 77; }
exec python3 "$root/tests/http/rate_gateways.py"
