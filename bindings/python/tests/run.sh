#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh FILE [PYTEST ARGUMENT...]: one file of tests, over the unpacked wheel.
set -euo pipefail
cd "$AURORA_SOURCE_DIR"
. scripts/lib/python.sh

missing=$(python_missing _cffi_backend pytest hypothesis)
if [ -n "$missing" ] || [ ! -d "$AURORA_BUILD_DIR/python/site" ]; then
    echo "skipped: ${missing:+$python lacks $missing}${missing:-the wheel is not built}"
    exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PYTHONPATH=$AURORA_BUILD_DIR/python/site PYTHONDONTWRITEBYTECODE=1
export HYPOTHESIS_STORAGE_DIRECTORY=$scratch/hypothesis
"$python" -X dev -m pytest -c bindings/python/pyproject.toml --rootdir "$scratch" \
    --basetemp "$scratch/tmp" "$@"
