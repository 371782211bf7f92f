#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each end of an order over the real engines, seen at the gateway and in the topics.
set -euo pipefail
. "$(dirname "$0")/../support/on_engines.sh"
on_engines flow.py
