#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: simulate the modules under faults; --seed N, --seeds M, --orders K, --trace
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

build_preset release aurora-sim
exec build/bin/aurora-sim "$@"
