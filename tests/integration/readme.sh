#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The C program of README.md compiles as it stands and prints the same line on its second run.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$root/scripts/lib/readme_program.sh"

if [ ! -e "${AURORA_BUILD_DIR:-$root/build}/lib/libaurora.so" ]; then
    echo "skipped: this build has no shared library"
    exit 77
fi
folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$folder"' EXIT
AURORA_SOURCE_DIR=$root readme_program "$folder" || exit $?

expected="COMPLETED 2500"
for run in first second; do
    output=$(cd "$folder" && ./readme)
    if [ "$output" != "$expected" ]; then
        echo "readme: the $run run printed '$output', expected '$expected'"
        exit 1
    fi
done
echo "readme: both runs printed '$expected'"
