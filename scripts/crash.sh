#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: kill aurorad on SQLite under load and audit after each kill; --kills N, --minutes M, --seed S; `crash cluster`: the daemons and engines; `crash power`: --images N; `crash sweep`: every allocation and call of a port fails in turn, --places WHICH, --steps N
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

what=${1:-}
case $what in
cluster)
    shift
    exec scripts/chaos.sh --folder var/crash/cluster --kinds kill,kill-both,engine-kill --kills 200 "$@"
    ;;
power)
    shift
    build_preset release integration_test_power_cut
    exec python3 tests/crash/power.py "$@"
    ;;
sweep)
    shift
    daemons=(gateway product order inventory payment search recommendation notification)
    build_preset release aurorad auroractl aurora_fault_shim "${daemons[@]/#/aurora-}"
    # Debian's own sees Debian's packages, python3-aiosmtpd among them.
    python=/usr/bin/python3
    [ -x "$python" ] || python=python3
    exec "$python" -W ignore tests/crash/sweep.py "$@"
    ;;
esac
[ -n "${AURORA_BIN:-}" ] || build_preset release aurorad auroractl
exec python3 tests/crash/kills.py "$@"
