#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A disk that fails for good, under a real server. Mutation: resolve calls neither tell_late nor aurora__run_doubt.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${AURORA_BUILD_DIR:-$root/build}
export AURORA_BIN=${AURORA_BIN:-$build/bin}
export AURORA_FAULT_SHIM_LIBRARY=$build/tests/libaurora_fault_shim.so
[ -x "$AURORA_BIN/aurorad" ] || { echo "skipped: this build has no aurorad"; exit 77; }
exec python3 "$root/tests/http/broken_disk.py" "$@"
