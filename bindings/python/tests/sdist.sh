#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ctest: timeout 300
# The source distribution is all that pip needs to build the package, without the network, the tree or
# anything in the environment; what it builds shows as little as the wheel does, and sells a mug.
set -euo pipefail
cd "$AURORA_SOURCE_DIR"
. scripts/lib/python.sh

missing=$(python_missing cffi setuptools wheel pip)
if [ -n "$missing" ]; then
    echo "skipped: $python lacks $missing; ./dev setup tests installs them"
    exit 77
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/aurora-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/build"
python_sdist "$work/build"

# Not optimized: this is about what is there.
(cd "$work" && env -i PATH=/usr/bin:/bin HOME="$HOME" CC="$(python_compiler)" CFLAGS=-O0 "$python" -m pip \
    --disable-pip-version-check wheel -q --no-build-isolation --no-deps --no-index -w "$work" \
    "$work"/build/python/libaurora-*.tar.gz)
"$python" -m zipfile -e "$work"/libaurora-*.whl "$work/site"
shown=$(nm -D --defined-only "$work"/site/aurora/_native*.so | awk '{print $NF}')
[ "$shown" = PyInit__native ] || { echo "symbols that others see: $shown"; exit 1; }
awk '$0 == "<!-- sell.py -->" {on = 1; next} on && /^```/ {if (inside) exit; inside = 1; next} on && inside' \
    docs/PYTHON.md >"$work/sell.py"
(cd "$work" && PYTHONPATH=$work/site "$python" sell.py) | grep -qx 'COMPLETED 25.00 EUR'
