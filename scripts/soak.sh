#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: an hour at half load with kills, memory and descriptors watched; --minutes N, --seed S; figures go to var/soak
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

build_preset release bench_soak_load
[ -n "${AURORA_BIN:-}" ] || build_preset release aurorad aurora-gateway auroractl
exec python3 tests/crash/soak.py "$@"
