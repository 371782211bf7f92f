#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The first days of the Online Retail file through a cluster. `tests/integration/flow_replay.sh all`
# is the whole of it.
set -euo pipefail
. "$(dirname "$0")/../support/on_engines.sh"
data=${AURORA_DATA:-$root/../shared/data}/online_retail.csv.xz
[ -f "$data" ] || skip "$data is absent; the UCI archive has it as \"Online Retail\""
if [ "${1:-}" = all ]; then
    on_engines flow_replay.py "$data"
fi
on_engines flow_replay.py "$data" 2010-12-05
