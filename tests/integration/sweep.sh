#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Some of what ./dev crash sweep lets fail in turn in a real aurorad: allocations, writes and syncs
# over a file, what goes to a payment bridge, a mail server and a webhook's receiver, and to Redis where
# it is there; TLS and tokens.
# ctest: timeout 600
# Mutation: let src/adapters/store_sqlite/txn.c take a failed commit for one without effect.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${AURORA_BUILD_DIR:-$root/build}
export AURORA_BIN=${AURORA_BIN:-$build/bin}
export AURORA_FAULT_SHIM_LIBRARY=$build/tests/libaurora_fault_shim.so
for name in aurorad auroractl; do
    [ -x "$AURORA_BIN/$name" ] || { echo "skipped: this build has no $name"; exit 77; }
done
# Debian's own python3 sees Debian's packages, python3-aiosmtpd among them.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
sweep() {
    "$python" -W ignore "$root/tests/crash/sweep.py" "$@"
}
sweep --places sqlite --steps 4
sweep --places bridge,redis --sort send,receive --steps 3
sweep --places mail,hook --sort send,receive --steps 1
sweep --places tls,tokens --steps 2
