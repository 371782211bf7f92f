#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: format the C files given, or all of them, with clang-format-14
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -gt 0 ]; then
    exec clang-format-14 -i "$@"
fi
python3 scripts/lib/tree.py c | xargs -r clang-format-14 -i
