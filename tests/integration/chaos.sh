#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Six faults on a small cluster with engines of its own; ./dev chaos does fifty. It runs where the
# test run had all four engines: AURORA_TEST_POSTGRES and the others say so.
# ctest: lock cluster
# ctest: timeout 600
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
bin=${AURORA_BIN:-$root/build/bin}
for name in gateway product order inventory payment search recommendation notification; do
    if [ ! -x "$bin/aurora-$name" ]; then
        echo "skipped: this build has no aurora-$name"
        exit 77
    fi
done
for name in POSTGRES REDIS KAFKA OPENSEARCH; do
    variable=AURORA_TEST_$name
    if [ -z "${!variable:-}" ]; then
        echo "skipped: $variable is not set (./dev up)"
        exit 77
    fi
done
folder=$root/var/test-chaos
export AURORA_BIN=$bin
exec "$root/scripts/chaos.sh" --kills 6 --seed "${AURORA_CHAOS_SEED:-1}" --minutes 4 --rate 20 \
    --folder "$folder"
