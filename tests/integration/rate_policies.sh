#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Policies of rate limits: fields, shadow, reload under traffic, leases, guesses (S14 of docs/SECURITY.md); tests/http/rate_policies.py.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurorad" ] || { echo "skipped: this build has no aurorad"; exit 77; }
command -v python3 >/dev/null || { echo "skipped: needs python3"; exit 77; }
# A Redis is asked for by AURORA_TEST_REDIS.
exec python3 "$root/tests/http/rate_policies.py"
