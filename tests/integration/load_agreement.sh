#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The dashboards' expressions against k6's own figures. ctest: timeout 900 (k6 may have to be built)
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurorad" ] || { echo "skipped: this build has no aurorad"; exit 77; }
command -v prometheus >/dev/null || { echo "skipped: prometheus is not installed"; exit 77; }
python3 -c 'import yaml' 2>/dev/null || { echo "skipped: python3-yaml is not installed"; exit 77; }
AURORA_K6=$("$root/scripts/load.sh" --build) || { echo "skipped: k6 cannot be built here"; exit 77; }
export AURORA_K6
exec python3 "$root/tests/http/load_agreement.py" "$@"
