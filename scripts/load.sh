#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: drive search, product, order or mixed flows by k6 and report in var/load; --url, --rate N, --duration D, --cluster
#
#   ./dev load [search|product|order|mixed|all] [--rate N] [--duration D] [--warm D]
#              [--profile constant|stress] [--p95 MS] [--p99 MS] [--out FOLDER] [--samples]
#       over an aurorad of its own with the demo catalogue; without a flow: mixed
#   ./dev load ... --cluster      over ./dev cluster, which is started if it does not run
#   ./dev load ... --url URL [--metrics [NAME=]URL]...     over a deployment of yours; see docs/LOAD.md
#   ./dev load --build            builds k6, if it is not there, and says where it is
#
# Exit status 0: all thresholds are met; 1: one is not; 2: it could not be driven. docs/LOAD.md has
# the settings by environment, AURORA_BIN and AURORA_K6 name programs that are built already.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh
. scripts/lib/k6.sh

usage() {
    sed -n 's/^# \{0,1\}//; 5,14p' "$0" >&2
    exit 2
}

flow=
url=
where=aurorad
out=var/load
arguments=()
while [ $# -gt 0 ]; do
    case $1 in
    search | product | order | mixed | all) [ -z "$flow" ] || usage && flow=$1 ;;
    --build)
        k6_have || exit 2
        echo "$k6"
        exit 0
        ;;
    --cluster) where=cluster ;;
    --url) where=url url=${2:-} && shift ;;
    --out) out=${2:-} && shift ;;
    --samples) arguments+=(--samples) ;;
    --rate | --duration | --warm | --profile | --p95 | --p99 | --metrics)
        [ $# -gt 1 ] || usage
        arguments+=("$1" "$2") && shift
        ;;
    *) usage ;;
    esac
    shift || usage
done
[ -n "$out" ] || usage
[ "$where" != url ] || [ -n "$url" ] || usage
case ${flow:=mixed} in
all) flows=(search product order mixed) ;;
*) flows=("$flow") ;;
esac

bin=${AURORA_BIN:-$PWD/build/bin}
k6_have || exit 2
[ -n "${AURORA_BIN:-}" ] || [ "$where" != aurorad ] || build_preset release aurorad auroractl
mkdir -p "$out"

server=
folder=
stop_cluster=no
stop() {
    trap '' INT TERM
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    [ -z "$folder" ] || rm -rf "$folder"
    [ "$stop_cluster" = no ] || ./dev cluster stop >&2 || true
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start_aurorad: a shop of its own, so that one run finds what the next finds. What the environment
# says of an aurorad is not for it.
start_aurorad() {
    local name drop=()
    for name in ${!AURORA_@}; do
        drop+=(-u "$name")
    done
    folder=$(mktemp -d "${TMPDIR:-/tmp}/aurora-load-XXXXXX")
    env "${drop[@]}" "$bin/auroractl" seed --store "sqlite:$folder/shop.db" >"$folder/seed.log" ||
        { cat "$folder/seed.log" >&2 && exit 2; }
    env "${drop[@]}" "$bin/aurorad" --listen 127.0.0.1:0 --store "sqlite:$folder/shop.db" \
        --log-format json >"$folder/server.log" 2>&1 &
    server=$!
    until grep -q 'listening on http' "$folder/server.log"; do
        kill -0 "$server" 2>/dev/null || { cat "$folder/server.log" >&2 && exit 2; }
        sleep 0.05
    done
    url=$(sed -n 's/.*listening on \(http:[^"]*\)".*/\1/p' "$folder/server.log")
    arguments+=(--metrics "aurorad=$url/metrics")
}

# start_cluster: as ./dev cluster has it, on free ports unless it runs.
start_cluster() {
    local name
    . scripts/lib/engines.sh
    . scripts/lib/cluster.sh
    if ! instance_pid gateway.1 >/dev/null; then
        stop_cluster=yes
        ./dev cluster --port-base free >&2
    fi
    cluster_recall
    url=http://127.0.0.1:$(cluster_port gateway 1)
    for name in $(cluster_instances); do
        arguments+=(--metrics "$name=http://127.0.0.1:$(instance_port "$name")/metrics")
    done
}

case $where in
aurorad) start_aurorad ;;
cluster) start_cluster ;;
esac
status=0
python3 load/report/drive.py --k6 "$k6" --url "$url" --target "$where" --out "$out" \
    "${arguments[@]}" "${flows[@]}" || status=$?
exit "$status"
