#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Promela model under spec/ is made of the tables that the library runs by, holds over small
# scopes, and fails where a bug is planted. ./dev model searches the larger ones.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/model.sh
export MODEL_OPTIMIZE=-O0 # the compiler takes longer than these scopes do

build=${AURORA_BUILD_DIR:-build}
if [ ! -f "$build/lib/libaurora.a" ]; then
    echo "skipped: $build/lib/libaurora.a is not built"
    exit 77
fi
if ! command -v spin >/dev/null; then
    echo "skipped: spin is not installed"
    exit 77
fi
if ! model_tables "$build" | diff -u spec/tables.pml -; then
    echo "spec/tables.pml is not what src/core says: ./dev model tables"
    exit 1
fi
# States move by the generated rows alone, in the model itself none is assigned.
if grep -nE '\b(order_state|reservation|payment)\[[^]]*\] *(=[^=]|\+\+|--)' spec/saga.pml; then
    echo "spec/saga.pml moves a state around its table"
    exit 1
fi
none=(-DLOSSES=0 -DREPEATS=0 -DCRASHES=0 -DSILENCES=0)
model_line "1 order, a loss, a crash, a silence" safety -DORDERS=1 -DREPEATS=0 -DCANCELS=0
model_line "2 orders of 1 unit" safety -DORDERS=2 "${none[@]}" -DCANCELS=0 -DDEADLINES=0
model_line "1 order, a loss, cancel, deadline" liveness -DORDERS=1 "${none[@]}" -ULOSSES
model_mutants
