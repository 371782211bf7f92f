#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: build the Python wheel with the library inside, build/python/libaurora-*.whl
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/python.sh

build_preset release aurora_static
python_wheel build
ls -l build/python/*.whl
