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
refused '"order=a:17" is the 17th address of its service, and 16 are taken' \
    --upstream "$(seq -s, -f 'order=a:%g' 17)"
refused 'must be a loopback address' --listen 0.0.0.0:0
refused 'trusted_proxies: ' --trusted-proxies nobody
refused 'cors_origins: ' --cors-origins shop.example
refused 'log_format: must be json, text or auto' --log-format xml
refused 'log_level: must be debug, info, warning or error, not "all"' --log-level all
"$gateway" --check-config --upstream 'order=a:1, order=b:1,search=[::1]:9200' >/dev/null


# Sections: what is wrong, in which section, on which line.
folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-gateway-XXXXXX")
trap 'rm -rf "$folder"' EXIT
section() { # WORDS LINE...: refused, by --check-config and at the start, with the file and line
    local words=$1
    shift
    printf '%s\n' "$@" >"$folder/a.ini"
    refused "$words" --config "$folder/a.ini" --check-config
    refused "($folder/a.ini:$#)" --config "$folder/a.ini"
}
section '[upstream.serach] is no service: must be [upstream.order|product' '[upstream.serach]' 'timeout = 1s'
section '[upstream.order] time_out: the nearest is timeout; a section of this kind takes timeout, ' \
    '[upstream.order]' 'time_out = 1s'
section '[upstream.order] colour: a section of this kind takes timeout, ' '[upstream.order]' 'colour = red'
section '[upstream.order] timeout: ' '[upstream.order]' 'timeout = 1'
section '[upstream.order] timeout: ' '[upstream.order]' 'timeout = 1h'
section '[upstream.order] attempts: ' '[upstream.order]' 'attempts = 0'
section '[upstream.order] attempts: ' '[upstream.order]' 'attempts = three'
section '[upstream.order] retry_budget: must be 1% to 100%' '[upstream.order]' 'retry_budget = 101%'
section '[upstream.order] retry_budget: must be 1% to 100%' '[upstream.order]' 'retry_budget = %'
section '[upstream.order] breaker_failures: must be 1% to 100%' '[upstream.order]' 'breaker_failures = -5%'
section '[upstream.order] breaker_calls_min: ' '[upstream.order]' 'breaker_calls_min = 0'
section '[upstream.order] breaker_open: ' '[upstream.order]' 'breaker_open = soon'
section '[upstream.order] calls_max: ' '[upstream.order]' 'calls_max = 0'
section '[upstream.order] hedge: must be p95, off, or a duration' '[upstream.order]' 'hedge = p99'
section '[upstream.order] attempt_timeout: must be at most timeout' '[upstream.order]' 'timeout = 1s' 'attempt_timeout = 2s'
section '[upstream.order] connect_timeout: must be at most timeout' '[upstream.order]' 'timeout = 1s' 'connect_timeout = 2s'
printf '[upstream.order]\ntimeout = 1s\nretry_budget = 20%%\nhedge = p95\n[upstream.search]\nhedge = 20ms\nbreaker_slow = 2s\n' \
    >"$folder/a.ini"
"$gateway" --config "$folder/a.ini" --check-config >/dev/null
status=0
said=$("$AURORA_BIN/aurorad" --config "$folder/a.ini" --check-config 2>&1) || status=$?
[ "$status" = 1 ] && grep -qF "[upstream.order]: only the gateway has upstreams" <<<"$said" ||
    { echo "aurorad with a section of the gateway: $said"; exit 1; }

python3 "$root/tests/http/gateway.py"
