#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: simulate the modules under faults: past failures, then new seeds; --minutes, --seed, --set
#
# ./dev sim [engine] [option of aurora-sim ...]: a minute on all cores unless --minutes or --seeds
# says otherwise; with the word engine the whole library in place of its modules. What it prints at the end can be pasted into docs/RELIABILITY.md. Ends with 0 when every
# check held, 1 when a seed broke one, 2 for a bad argument.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

build_preset release aurora-sim
note="$(date -u +%F), $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)"
note="$note, commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
note="$note: ./dev sim${*:+ $*}"
bound=(--minutes 1)
jobs=(--jobs "$(nproc)")
past=tests/sim/past.txt
words=()
if [ "${1:-}" = engine ]; then
    words=(engine)
    past=tests/sim/past_engine.txt
    shift
fi
for option in "$@"; do
    case $option in
    --minutes | --seeds | --trace | --list | --help) bound=() ;;
    --jobs) jobs=() ;;
    esac
done
exec build/bin/aurora-sim "${words[@]}" --past "$past" --note "$note" "${bound[@]}" "${jobs[@]}" "$@"
