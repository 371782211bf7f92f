#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: search small scopes of the modules to their last state; options as aurora-explore has them
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

build_preset release aurora-explore
if [ $# -gt 0 ]; then
    exec build/bin/aurora-explore "$@"
fi
failed=0
explore() { build/bin/aurora-explore "$@" || failed=1; }

for deployment in 0 1 2 3 4; do
    explore --deployment "$deployment"
done
for deployment in 0 1 2 3 4; do
    explore --deployment "$deployment" --orders 1 --silences 1 --cancels 1 --deadlines 1
done
for deployment in 0 1 2 3 4; do
    explore --deployment "$deployment" --duplicates 0 --losses 0 --silences 1 --hurries 1 \
        --cancels 1
done
exit $failed
