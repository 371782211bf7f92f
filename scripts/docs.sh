#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: make the manual of the headers, build/docs/html (and fail where a call is not documented)
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^project(Aurora VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
if ! command -v doxygen >/dev/null; then
    echo "docs: doxygen is missing; './dev setup tests' installs it" >&2
    exit 1
fi
python3 scripts/lib/manual.py build/docs "$version"
