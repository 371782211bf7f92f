#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each example whose first comment says "Prints:" prints just that.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
programs=${AURORA_BUILD_DIR:-$root/build}/examples

if [ ! -d "$programs" ]; then
    echo "skipped: this build has no examples"
    exit 77
fi
folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
count=0
failed=0
for source in "$root"/examples/*.c; do
    awk '/^ \*\// {exit} inside {sub(/^ \*   /, ""); print} /^ \* Prints:$/ {inside = 1}' \
        "$source" >"$folder/expected"
    [ -s "$folder/expected" ] || continue
    name=$(basename "$source" .c)
    mkdir "$folder/$name"
    if ! (cd "$folder/$name" && "$programs/$name") >"$folder/printed" ||
        ! diff -u --label "$name.c says" --label "$name prints" \
            "$folder/expected" "$folder/printed"; then
        failed=1
    fi
    count=$((count + 1))
done
[ "$count" -gt 0 ] || failed=1
[ "$failed" -eq 0 ] && echo "examples: $count print what their sources say"
exit "$failed"
