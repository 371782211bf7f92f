#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The description of the API: by its validator, its examples, and the answers of a real server.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurorad" ] || { echo "skipped: this build has no aurorad"; exit 77; }
python=$root/var/venv-openapi/bin/python
[ -x "$python" ] || python=python3
exec "$python" "$root/tests/http/openapi.py" "$root/src/routes/openapi.json"
