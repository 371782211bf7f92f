#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# All C files are as clang-format-14 writes them; ./dev fmt makes them so.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v clang-format-14 >/dev/null; then
    echo "skipped: clang-format-14 is absent; ./dev setup installs it"
    exit 77
fi
mapfile -t files < <(python3 scripts/lib/tree.py c)
if [ ${#files[@]} -gt 0 ] && ! clang-format-14 --dry-run -Werror "${files[@]}"; then
    echo "format: ./dev fmt FILE... would change the files above"
    exit 1
fi
echo "format: ${#files[@]} files as clang-format-14 writes them"
