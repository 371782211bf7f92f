#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# auroractl on a cluster in trouble: parked sagas, dead letters, resync, reindex, drain.
set -euo pipefail
. "$(dirname "$0")/../support/on_engines.sh"
on_engines flow_operator.py
