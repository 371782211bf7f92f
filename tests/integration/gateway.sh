#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The gateway before scripted services; tests/http/gateway.py says which.
set -euo pipefail
root=${AURORA_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
export AURORA_BIN=${AURORA_BIN:-$root/build/bin}
[ -x "$AURORA_BIN/aurora-gateway" ] || { echo "skipped: this build has no gateway"; exit 77; }
command -v python3 >/dev/null || { echo "skipped: needs python3"; exit 77; }
gateway=$AURORA_BIN/aurora-gateway

refused() { # WORDS ARGUMENT...: one line, status 1
    local words=$1 status=0 said
    shift
    said=$("$gateway" "$@" 2>&1) || status=$?
    [ "$status" = 1 ] && [ "$(wc -l <<<"$said")" = 1 ] && grep -qF -- "$words" <<<"$said" ||
        { echo "'$*' exits with $status and says: $said"; exit 1; }
}
for name in ${!AURORA_@}; do # what the test run set is no setting
    case $name in AURORA_BIN | AURORA_SOURCE_DIR | AURORA_BUILD_DIR) ;; *) unset "$name" ;; esac
done
refused 'upstream: "order" must be SERVICE=HOST:PORT (--upstream)' --upstream order
refused '"pets=a:1" must begin with order, product' --upstream pets=a:1
refused '"order=a" must be HOST:PORT' --upstream order=a
refused '"order=a:0" must end in a port' --upstream order=127.0.0.1:1,order=a:0
refused '"order=a:1" is given twice' --upstream order=a:1,order=a:1
refused '"" must be SERVICE=HOST:PORT' --upstream order=a:1,
refused 'must be a loopback address' --listen 0.0.0.0:0
"$gateway" --check-config --upstream 'order=a:1, order=b:1,search=[::1]:9200' >/dev/null

exec python3 "$root/tests/http/gateway.py"
