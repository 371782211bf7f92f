#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: build, format, layering, purity, symbols, unit tests, a short simulation: fast, offline
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

build_preset release
# Simulations take AURORA_SIM=short as "a few seconds, please".
AURORA_SIM=short ctest --test-dir build --output-on-failure --parallel "${AURORA_JOBS:-$(nproc)}" \
    --no-tests=error -L '^(checks|unit|sim)$' "$@"
