#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The gateway before services that are slow or fail; tests/http/resilience.py says which.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
for program in aurorad aurora-gateway; do
    [ -x "$AURORA_BIN/$program" ] || { echo "skipped: this build has no $program"; exit 77; }
done
command -v python3 >/dev/null || { echo "skipped: needs python3"; exit 77; }
for name in ${!AURORA_@}; do # what the test run set is no setting
    case $name in AURORA_BIN | AURORA_SOURCE_DIR | AURORA_BUILD_DIR) ;; *) unset "$name" ;; esac
done
exec python3 "$root/tests/http/resilience.py"
