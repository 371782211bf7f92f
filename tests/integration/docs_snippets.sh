#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The shell blocks of the docs do what the pages say, and print what they show.
# ctest: timeout 600
set -euo pipefail
cd "${AURORA_SOURCE_DIR:-$(dirname "$0")/../..}"

build=${AURORA_BUILD_DIR:-build}
if [ ! -x "$build/bin/aurorad" ] || [ ! -x "$build/bin/auroractl" ]; then
    echo "skipped: the programs are not built"
    exit 77
fi
if grep -q '^AURORA_SANITIZE:[A-Z]*=.' "$build/CMakeCache.txt"; then
    echo "skipped: readers have no sanitizers, and what they link would need them too"
    exit 77
fi
python3 scripts/lib/run_snippets.py "$@"
