#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The wheel is built, is small, shows one symbol, and needs nothing of the system but libc. The other
# tests of the binding run what this one leaves in build/python/site.
set -euo pipefail
cd "$AURORA_SOURCE_DIR"
. scripts/lib/python.sh

missing=$(python_missing cffi setuptools wheel pip)
if [ -n "$missing" ]; then
    echo "skipped: $python lacks $missing; ./dev setup tests installs them"
    exit 77
fi
python_wheel "$AURORA_BUILD_DIR"

wheel=$(echo "$AURORA_BUILD_DIR"/python/libaurora-*.whl)
size=$(stat -c %s "$wheel")
echo "$(basename "$wheel"): $size bytes"
[ "$size" -le $((2 * 1024 * 1024)) ] || { echo "more than 2 MiB"; exit 1; }

extension=$(echo "$AURORA_BUILD_DIR"/python/site/aurora/_native*.so)
shown=$(nm -D --defined-only "$extension" | awk '{print $NF}')
[ "$shown" = PyInit__native ] || { echo "symbols that others see: $shown"; exit 1; }
if [ -n "$(python_sqlite)" ]; then
    [[ $wheel =~ -cp39-abi3-manylinux_2_[0-9]+_[a-z0-9_]+\.whl$ ]] || { echo "needs more than libc"; exit 1; }
fi
[[ $("$python" -m zipfile -l "$wheel") == *dist-info/LICENSE* ]] || { echo "the licence is missing"; exit 1; }
metadata=$("$python" -c 'import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
print(wheel.read(next(n for n in wheel.namelist() if n.endswith("dist-info/METADATA"))).decode())' "$wheel")
for line in 'Project-URL: Homepage, https://' 'Requires-Python: >=3.9' 'Classifier: Programming Language :: Python :: 3.9'; do
    grep -q "^$line" <<<"$metadata" || { echo "the metadata has no line: $line"; exit 1; }
done
named=$(AURORA_PYTHON=sh bash -c '. scripts/lib/python.sh; echo "$python"')
[ "$named" = "$(command -v sh)" ] || { echo "AURORA_PYTHON=sh means $named"; exit 1; }
! AURORA_PYTHON=/no/such/python bash -c '. scripts/lib/python.sh' 2>/dev/null || {
    echo "an AURORA_PYTHON that is not there is ignored"
    exit 1
}
