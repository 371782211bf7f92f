#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each public header compiles alone, and twice in one file, as C11 and as C++17.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings=(-Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude)
failed=0
count=0
cxx=${CXX:-c++}
command -v "$cxx" >/dev/null || cxx=
while read -r header; do
    count=$((count + 1))
    printf '#include <%s>\n#include <%s>\n' "${header#include/}" "${header#include/}" >"$work/alone.c"
    cp "$work/alone.c" "$work/alone.cc"
    if ! "${CC:-cc}" -std=c11 "${warnings[@]}" "$work/alone.c"; then
        echo "$header: does not compile alone as C11"
        failed=1
    fi
    if [ -n "$cxx" ] && ! "$cxx" -std=c++17 "${warnings[@]}" "$work/alone.cc"; then
        echo "$header: does not compile alone as C++17"
        failed=1
    fi
done < <(find include -name '*.h' | LC_ALL=C sort)
[ "$failed" -eq 0 ] &&
    echo "headers: $count compile alone as C11${cxx:+ and as C++17}"
exit "$failed"
