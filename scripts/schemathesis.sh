#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: fuzz the API by its description for SECONDS [300] with schemathesis from PyPI, then half as long through a gateway
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

build_preset release
exec tests/integration/schemathesis.sh "${1:-300}"
