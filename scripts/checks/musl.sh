#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The pure folders compile against musl too: nothing in them leans on glibc.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v musl-gcc >/dev/null; then
    echo "skipped: musl-gcc is absent; ./dev setup installs it"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
for file in src/core/*.c src/resilience/*.c src/trending/*.c src/codec/*.c; do
    [ -f "$file" ] || continue
    if ! musl-gcc -std=c11 -O2 -Wall -Wextra -Wpedantic -Werror -Iinclude -Isrc -c "$file" \
        -o "$work/object.o"; then
        echo "$file: does not compile against musl"
        exit 1
    fi
    count=$((count + 1))
done
echo "musl: $count files compile"
