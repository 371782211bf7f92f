#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An order's trace over the six daemons on its path, read back from a collector.
set -euo pipefail
. "$(dirname "$0")/../support/on_engines.sh"
on_engines trace_order.py cluster
