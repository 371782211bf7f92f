#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: build PRESET (release, debug, asan-ubsan, tsan); release is build/bin and build/lib
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

build_preset "${1:-release}"
