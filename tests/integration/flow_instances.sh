#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two instances of each service, and what one that was frozen does when it comes back.
set -euo pipefail
. "$(dirname "$0")/../support/on_engines.sh"
on_engines flow_instances.py
