#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Some of what ./dev crash sweep lets fail in turn in a real aurorad: allocations, writes and syncs
# over a file, what goes to a payment bridge, and to Redis where it is there.
# ctest: timeout 600
# Mutation: let src/adapters/store_sqlite/txn.c take a failed commit for one without effect.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${AURORA_BUILD_DIR:-$root/build}
export AURORA_BIN=${AURORA_BIN:-$build/bin}
export AURORA_FAULT_SHIM_LIBRARY=$build/tests/libaurora_fault_shim.so
for name in aurorad auroractl; do
    [ -x "$AURORA_BIN/$name" ] || { echo "skipped: this build has no $name"; exit 77; }
done
python3 "$root/tests/crash/sweep.py" --places sqlite --steps 4
python3 "$root/tests/crash/sweep.py" --places bridge,redis --sort send,receive --steps 3
