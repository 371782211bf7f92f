#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: kill, stop and freeze daemons and engines under load, audit after each; --kills N, --seed S, --minutes M; `chaos edge`: seeded faults between the gateway and a service; --longer N, --spec FILE
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

if [ -z "${AURORA_BIN:-}" ]; then
    build_preset release
fi
if [ "${1:-}" = edge ]; then
    shift
    exec python3 tests/chaos/edge.py "$@"
fi
exec python3 tests/chaos/chaos.py "$@"
