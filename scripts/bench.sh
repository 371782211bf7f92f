#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: run the benchmark NAME (bindings, cluster, edge, limits, signature, jwt, ...; no name lists all); figures go to var/bench/NAME.json
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
# C, Python and Go in turns; one that cannot be built here is left out, and said so.
if [ "$name" = bindings ]; then
    shift
    . scripts/lib/python.sh
    . scripts/lib/go.sh
    build_preset release all bench_bindings
    mkdir -p var/bench
    parts=(--c build/bench/bench_bindings)
    missing=$(python_missing cffi _cffi_backend setuptools wheel)
    if [ -n "$missing" ]; then
        echo "skipped: Python, which lacks $missing"
    elif ! python_wheel build >var/bench/wheel.log 2>&1; then
        echo "skipped: Python, whose wheel does not build: var/bench/wheel.log"
    else
        export PYTHONPATH=$PWD/build/python/site PYTHONDONTWRITEBYTECODE=1
        parts+=(--python "$python bindings/python/bench/orders.py" --wheel build/python/libaurora-*.whl)
    fi
    if [ -n "$(go_missing)" ]; then
        echo "skipped: Go, which is not there"
    elif ! (go_environment build && cd bindings/go &&
        "$go" build -o ../../var/bench/bindings-go ./bench) >var/bench/go.log 2>&1; then
        echo "skipped: Go, which does not build: var/bench/go.log"
    else
        go_environment build
        parts+=(--go var/bench/bindings-go)
    fi
    AURORA_BENCH_JSON="$PWD/var/bench/bindings.json" exec bench/bindings.py "${parts[@]}" "$@"
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
