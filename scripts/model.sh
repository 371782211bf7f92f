#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: search the Spin model of the saga, all scopes and planted bugs; "tables" writes spec/tables.pml
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/model.sh

if [ "${1:-}" = tables ]; then
    build_preset release aurora_static
    model_tables build >spec/tables.pml.new
    mv spec/tables.pml.new spec/tables.pml
    exit 0
fi
if ! command -v spin >/dev/null; then
    echo "model: needs Debian's package spin (scripts/setup.sh tests)" >&2
    exit 2
fi
failed=0
check() { model_line "$@" || failed=1; }

none=(-DLOSSES=0 -DREPEATS=0 -DCRASHES=0 -DSILENCES=0)
check "1 order, all faults" safety -DORDERS=1
check "2 orders of 1 unit, no faults" safety -DORDERS=2 "${none[@]}" -DCANCELS=0 -DDEADLINES=0
check "2 orders of 1 unit, a cancel" safety -DORDERS=2 "${none[@]}" -DDEADLINES=0
check "2 orders of 1 unit, a loss" safety -DORDERS=2 "${none[@]}" -ULOSSES -DCANCELS=0 -DDEADLINES=0
check "2 orders of 1 unit, a silence, a crash" safety -DORDERS=2 -DLOSSES=0 -DREPEATS=0 -DCANCELS=0 \
    -DDEADLINES=0
check "1 order, a loss, cancel, deadline" liveness -DORDERS=1 "${none[@]}" -ULOSSES
check "1 order, a crash, cancel, deadline" liveness -DORDERS=1 "${none[@]}" -UCRASHES
check "1 order, a repeat, a silence, cancel" liveness -DORDERS=1 -DLOSSES=0 -DCRASHES=0 -DDEADLINES=0
check "2 orders of 1 unit, a loss" liveness -DORDERS=2 "${none[@]}" -ULOSSES -DCANCELS=0 -DDEADLINES=0
model_mutants || failed=1
exit $failed
