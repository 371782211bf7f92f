#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# versions.sh PYTHON...: the binding's tests over the wheel in build/python, in a new environment of each of these
# interpreters. pip fetches cffi, pytest and hypothesis; what needs more than these is left out. By hand, not by ctest.
set -euo pipefail
cd "$(dirname "$0")/../../.."
export AURORA_SOURCE_DIR=$PWD AURORA_BUILD_DIR=${AURORA_BUILD_DIR:-$PWD/build} PYTHONDONTWRITEBYTECODE=1

wheel=$(ls "$AURORA_BUILD_DIR"/python/libaurora-*.whl)
[ $# -gt 0 ] || { sed -n 's/^# //p' "$0" | sed -n 2,3p; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
for interpreter in "$@"; do
    environment=$scratch/environment
    rm -rf "$environment"
    "$interpreter" -m venv "$environment"
    "$environment/bin/pip" install -q --disable-pip-version-check "$wheel" pytest hypothesis
    "$environment/bin/python" --version
    HYPOTHESIS_STORAGE_DIRECTORY=$scratch/hypothesis "$environment/bin/python" -X dev -m pytest \
        -c bindings/python/pyproject.toml --rootdir "$scratch" --basetemp "$scratch/tmp" \
        --ignore bindings/python/tests/test_gunicorn.py --ignore bindings/python/tests/test_docs.py \
        bindings/python/tests | tail -1 || failed=1
done
exit "$failed"
