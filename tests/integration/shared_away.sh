#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A Redis that goes away and comes back below a cache and a limiter; tests/http/shared_away.py.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
for program in aurorad aurora-gateway; do
    [ -x "$AURORA_BIN/$program" ] || { echo "skipped: this build has no $program"; exit 77; }
done
command -v python3 >/dev/null || { echo "skipped: needs python3"; exit 77; }
exec python3 "$root/tests/http/shared_away.py"
