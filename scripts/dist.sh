#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: write the library as two files, build/dist/aurora.c and aurora.h; also into bindings/go/bundled
set -euo pipefail
cd "$(dirname "$0")/.."

python3 scripts/dist/amalgamate.py build/dist
if [ -d bindings/go ]; then
    python3 scripts/dist/amalgamate.py bindings/go/bundled bindings/go/bundled_sum.h >/dev/null
fi
