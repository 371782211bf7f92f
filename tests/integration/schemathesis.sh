#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# S12, S23: schemathesis (PyPI, pinned by hash) against the description of the API. `schemathesis.sh [SECONDS]`
# tests/http/schemathesis/run.py says which failures are explained.
# Mutation: answer_no_route() of src/http/request.c answers 404 where a method is missing.
# Mutation: a member of openapi.json's Order has another type.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurorad" ] || { echo "skipped: this build has no aurorad"; exit 77; }
wanted=$root/tests/http/schemathesis/requirements.txt
venv=$root/var/venv-schemathesis
mkdir -p "$root/var"
exec 9>"$root/var/venv-schemathesis.lock"
flock 9
if ! cmp -s "$wanted" "$venv/installed.txt"; then
    rm -rf "$venv"
    python=python3
    [ -x /usr/bin/python3.11 ] && python=/usr/bin/python3.11
    if ! "$python" -m venv "$venv" >"$root/var/venv-schemathesis.log" 2>&1 ||
        ! timeout 180 "$venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
            --retries 1 --timeout 15 -r "$wanted" >>"$root/var/venv-schemathesis.log" 2>&1; then
        echo "skipped: schemathesis cannot be had from PyPI: $(grep -m1 -iE 'error|no matching' "$root/var/venv-schemathesis.log" || tail -1 "$root/var/venv-schemathesis.log")"
        rm -rf "$venv"
        exit 77
    fi
    cp "$wanted" "$venv/installed.txt"
fi
exec 9>&-
exec "$venv/bin/python" "$root/tests/http/schemathesis/run.py" "$venv/bin/python" "${1:-30}"
