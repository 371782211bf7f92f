#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: run the benchmark NAME; its figures also go to var/bench/NAME.json
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

name=${1:-}
if [ ! -f "bench/bench_$name.c" ] && [ ! -f "bench/$name.c" ]; then
    echo "usage: ./dev bench NAME [ARGUMENT...]; there are:" >&2
    { grep -l '^int main(' bench/*.c 2>/dev/null | xargs -r grep -LE '^#ifdef [A-Z_]+_MAIN$'; } |
        sed -E 's|bench/(bench_)?(.*)\.c|  \2|' >&2 || true
    exit 2
fi
shift
build_preset release "bench_$name"
mkdir -p var/bench
AURORA_BENCH_JSON="var/bench/$name.json" "build/bench/bench_$name" "$@"
