#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A service's schema is brought back to an earlier time; needs pg_dump and pg_restore too.
set -euo pipefail
. "$(dirname "$0")/../support/on_engines.sh"
command -v pg_restore >/dev/null || skip "needs pg_restore"
on_engines flow_restored.py
