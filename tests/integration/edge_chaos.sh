#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Seeded faults between the gateway and one service; tests/chaos/edge.ini says which, and
# tests/chaos/edge.py what must hold.
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
exec python3 "$root/tests/chaos/edge.py"
