#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# mypy --strict finds nothing in the package, nor in a program that uses it as a stranger would.
set -euo pipefail
cd "$AURORA_SOURCE_DIR"
. scripts/lib/python.sh

missing=$(python_missing mypy)
if [ -n "$missing" ] || [ ! -d "$AURORA_BUILD_DIR/python/site" ]; then
    echo "skipped: ${missing:+$python lacks $missing}${missing:-the wheel is not built}"
    exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp bindings/python/tests/typed.py "$scratch"
cd "$AURORA_BUILD_DIR/python/site"
"$python" -m mypy --strict --cache-dir "$scratch/cache" -p aurora
MYPYPATH=$PWD "$python" -m mypy --strict --cache-dir "$scratch/cache" "$scratch/typed.py"
