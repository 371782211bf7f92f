#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: start PostgreSQL, Redis, Kafka and OpenSearch (or those named, jaeger too) under var/engines
#
# On ports of loopback that are chosen once; `. var/engines/env` tells tests where. They stay until
# ./dev down. AURORA_ENGINES_DIR names another folder for a second set, AURORA_ENGINES_JIT=quick
# starts Java faster and runs it slower, AURORA_ENGINES_TIMEOUT is how many seconds each may take.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/engines.sh

# shellcheck disable=SC2206
names=(${*:-$engine_usual})
jobs=()
for name in "${names[@]}"; do
    scripts/engines/engine.sh "$name" start &
    jobs+=($!)
done
status=0
for job in "${jobs[@]}"; do
    wait "$job" || status=1
done

# Those that run, also from before.
for name in $engine_names; do
    if engine_pid "$name" >/dev/null; then
        scripts/engines/engine.sh "$name" export
    fi
done >"$engines_dir/env.new"
mv "$engines_dir/env.new" "$engines_dir/env"
echo "up: . $engines_dir/env"
exit "$status"
