#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The generated blocks of docs/ say what the library's tables say.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib/doc_tables.sh

build=${AURORA_BUILD_DIR:-build}
if [ ! -f "$build/lib/libaurora.a" ]; then
    echo "skipped: $build/lib/libaurora.a is not built"
    exit 77
fi
program=$(mktemp)
trap 'rm -f "$program"' EXIT
doc_tables "$build" "$program"
python3 scripts/lib/doc_blocks.py "$program" --check
