#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# E-mail and webhooks against real servers: tests/http/notify.py.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurorad" ] || { echo "skipped: this build has no aurorad"; exit 77; }
# Debian's own python3 sees Debian's packages, whatever else is installed.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
"$python" -c 'import aiosmtpd' 2>/dev/null ||
    { echo "skipped: python3-aiosmtpd is not installed (scripts/setup.sh tests)"; exit 77; }
exec "$python" -W ignore "$root/tests/http/notify.py" "$@"
