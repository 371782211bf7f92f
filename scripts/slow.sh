#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: slowhttptest with 1,000 connections in its four modes against a gateway, and how long others wait meanwhile; slow [--seconds N] [--rounds N] [--connections N]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

if [ -z "${AURORA_BIN:-}" ]; then
    build_preset release
fi
[ $# -gt 0 ] || set -- --seconds 8 --rounds 3
exec python3 tests/http/slow_attacks.py "$@"
