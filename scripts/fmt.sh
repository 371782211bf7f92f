#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: format the C files given, or all of them, with clang-format-14
set -euo pipefail
cd "$(dirname "$0")/.."

files=("$@")
if [ $# -eq 0 ]; then
    mapfile -t files < <(python3 scripts/lib/tree.py c)
fi
python3 scripts/lib/rewrap.py "${files[@]}"
clang-format-14 -i "${files[@]}"
