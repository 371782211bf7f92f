#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: write Grafana's dashboards in deploy/grafana/dashboards out of scripts/dashboards/*.py
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 scripts/dashboards/write.py "$@"
