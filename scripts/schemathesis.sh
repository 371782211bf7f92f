#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: fuzz the API by its description (schemathesis of PyPI); schemathesis [SECONDS], 300 by default, then half as long by a gateway
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

build_preset release
exec tests/integration/schemathesis.sh "${1:-300}"
