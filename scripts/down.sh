#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: stop the engines that ./dev up started (or those named); --wipe removes their data too
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/engines.sh

wipe=no
names=()
for word in "$@"; do
    if [ "$word" = --wipe ]; then wipe=yes; else names+=("$word"); fi
done
# shellcheck disable=SC2206
[ ${#names[@]} -gt 0 ] || names=($engine_names)

status=0
jobs=()
for name in "${names[@]}"; do
    scripts/engines/engine.sh "$name" stop &
    jobs+=($!)
done
for job in "${jobs[@]}"; do
    wait "$job" || status=1
done
for name in "${names[@]}"; do
    [ ! -f "$engines_dir/env" ] ||
        sed -i "/^$(scripts/engines/engine.sh "$name" export | sed 's/=.*//')=/d" "$engines_dir/env"
    [ "$wipe" = no ] || scripts/engines/engine.sh "$name" wipe || status=1
done
exit "$status"
