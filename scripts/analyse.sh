#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: clang-tidy, cppcheck and gcc's -fanalyzer over src/ and daemons/, or the FILEs given; fails on any finding; `--jobs N`; `--tool NAME`
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

for tool in clang-tidy-14 cppcheck gcc; do
    command -v "$tool" >/dev/null || {
        echo "analyse: needs $tool (./dev setup tests)" >&2
        exit 2
    }
done
build=$(build_dir release)
# The commands that the files are compiled by, and what is generated for them.
[ -f "$build/compile_commands.json" ] || build_preset release
exec nice python3 scripts/lib/analyse.py "$build/compile_commands.json" "$@"
