#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: build the Python wheel with the library inside, and its source distribution, in build/python
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/python.sh

build_preset release aurora_static
trap '[ $? -eq 0 ] || build_failed wheel build/python "*.whl" "*.tar.gz" new site' EXIT
python_wheel build
python_sdist build
ls -l build/python/*.whl build/python/*.tar.gz
