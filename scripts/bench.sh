#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: run the benchmark NAME (cluster, edge, limits, signature, jwt, ...; no name lists all); figures go to var/bench/NAME.json
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib/build.sh

name=${1:-}
# The cluster is driven from outside: programs of ours, and the engines.
if [ "$name" = cluster ]; then
    shift
    build_preset release
    mkdir -p var/bench
    AURORA_BENCH_JSON="var/bench/cluster.json" exec bench/cluster.py "$@"
fi
# Three programs of others and ours, each a process of its own.
if [ "$name" = edge ]; then
    shift
    build_preset release aurora-gateway aurorad bench_edge_load bench_edge_upstream
    mkdir -p var/bench
    AURORA_BENCH_JSON="$PWD/var/bench/edge.json" exec bench/edge.py "$@"
fi
if [ ! -f "bench/bench_$name.c" ] && [ ! -f "bench/$name.c" ]; then
    echo "usage: ./dev bench NAME [ARGUMENT...]; there are:" >&2
    { grep -l '^int main(' bench/*.c 2>/dev/null | xargs -r grep -LE '^#ifdef [A-Z_]+_MAIN$'; } |
        sed -E 's|bench/(bench_)?(.*)\.c|  \2|' >&2 || true
    printf '  cluster\n  edge\n' >&2
    exit 2
fi
shift
build_preset release "bench_$name"
mkdir -p var/bench
if [ "$name" = http ]; then
    build_preset release aurorad auroractl
    # The textbook peer's packages; without Node or a registry the bench says that it leaves it out.
    if command -v npm >/dev/null && [ ! -d var/bench/node/node_modules ]; then
        mkdir -p var/bench/node
        cp bench/textbook_node/* var/bench/node/
        (cd var/bench/node && npm ci --no-audit --no-fund >npm.log 2>&1) || rm -rf var/bench/node/node_modules
    fi
    [ ! -d var/bench/node ] || cp bench/textbook_node/server.mjs var/bench/node/
fi
[ "$name" != gateway ] || build_preset release aurora-gateway
[ "$name" != observe ] || build_preset release aurorad
AURORA_BENCH_JSON="var/bench/$name.json" "build/bench/bench_$name" "$@"
