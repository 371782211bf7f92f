#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: plots and alerts of what runs here (./dev cluster, ./dev run or SERVICE=HOST:PORT...) by Prometheus, until Ctrl-C
#
#   ./dev watch                                      the cluster, if one runs, else 127.0.0.1:8080
#   ./dev watch aurorad=127.0.0.1:8090               or others
#
# Figures are kept in var/watch, or AURORA_WATCH_FOLDER. AURORA_WATCH_LISTEN chooses another address
# than 127.0.0.1:9090, AURORA_CLUSTER_DIR another cluster.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/engines.sh
. scripts/lib/cluster.sh

command -v prometheus >/dev/null || { echo "watch: no prometheus here: ./dev setup tests" >&2; exit 1; }
listen=${AURORA_WATCH_LISTEN:-127.0.0.1:9090}
folder=${AURORA_WATCH_FOLDER:-var/watch}

# targets SERVICE=HOST:PORT...: as Prometheus reads them.
targets() {
    local one
    for one in "$@"; do
        [[ $one =~ ^[a-z]+=[^=]+:[0-9]+$ ]] || { echo "watch: '$one' is not SERVICE=HOST:PORT" >&2; exit 2; }
        printf -- '- labels: {service: %s}\n  targets: ["%s"]\n' "${one%%=*}" "${one#*=}"
    done
}

# running: the instances of the cluster, or else what ./dev run starts.
running() {
    local name
    for name in $(cluster_instances); do
        ! instance_pid "$name" >/dev/null || echo "${name%.*}=127.0.0.1:$(instance_port "$name")"
    done | grep . || echo "aurorad=127.0.0.1:8080"
}

# page EXPRESSION...: Prometheus' own plots of them.
page() {
    python3 - "http://$listen" "$@" <<'PYTHON'
import sys, urllib.parse
fields = [(f"g{number}.{key}", value) for number, text in enumerate(sys.argv[2:])
          for key, value in (("expr", text), ("tab", "0"), ("range_input", "15m"))]
print(sys.argv[1] + "/graph?" + urllib.parse.urlencode(fields))
PYTHON
}

[ $# -gt 0 ] || mapfile -t found < <(running)
text=$(targets "${@:-${found[@]}}")
if (: <>"/dev/tcp/${listen%:*}/${listen##*:}") 2>/dev/null; then
    echo "watch: another program listens on $listen; end it, or choose another address:" >&2
    echo "    AURORA_WATCH_LISTEN=127.0.0.1:9091 ./dev watch" >&2
    exit 1
fi
mkdir -p "$folder/targets"
rm -rf "$folder/rules"
cp -r deploy/prometheus/rules deploy/prometheus/prometheus.yml "$folder"
sed -i "s/localhost:9090/$listen/" "$folder/prometheus.yml"
echo "$text" >"$folder/targets/aurora.yml"

prometheus=
stop() {
    trap '' INT TERM
    [ -z "$prometheus" ] || kill -TERM "$prometheus" 2>/dev/null || true
}
trap stop INT TERM EXIT
setsid prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
    --web.listen-address="$listen" --enable-feature=exemplar-storage --log.level=warn \
    </dev/null >"$folder/log" 2>&1 &
prometheus=$!
until curl -sf -m 2 -o /dev/null "http://$listen/-/ready"; do
    kill -0 "$prometheus" 2>/dev/null || { tail -5 "$folder/log" >&2; exit 1; }
    sleep 0.1
done

echo "$text" | sed -n 's/.*targets: \["\(.*\)"\]/\1/p' | tr '\n' ' ' | sed 's/^/watch: /'
cat <<URLS

what clients meet   $(page 'service:aurora_http_requests:rate1m' 'service:aurora_http_errors:ratio_rate1m' \
    '{__name__=~"service:aurora_http_request_duration_seconds:p(50|95|99)_rate1m",service=~"gateway|aurorad"}')
orders              $(page 'service:aurora_orders_settled:rate1m' 'max by (status) (aurora_saga_orders)' \
    '{__name__=~"service:aurora_saga_duration_seconds:p(50|95|99)_rate1m"}')
what falls behind   $(page '{__name__=~"service:aurora_(relay|inbound|follower)_lag_seconds:max"}')
alerts              http://$listen/alerts
targets             http://$listen/targets

docs/DASHBOARDS.md names more, and says how Grafana shows them all. Ctrl-C ends it.
URLS
wait "$prometheus" || true
wait "$prometheus" || true # a signal ends the first before Prometheus has ended
prometheus=
