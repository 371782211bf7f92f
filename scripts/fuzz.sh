#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: fuzz the decoders with clang's libFuzzer; fuzz [SECONDS], 60 by default
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
if ! command -v clang-14 >/dev/null; then
    echo "fuzz: needs clang-14 and libclang-rt-14-dev (apt-get install clang-14 libclang-rt-14-dev)" >&2
    exit 2
fi
mkdir -p var/fuzz
for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    mkdir -p "var/fuzz/$name.corpus"
    clang-14 -g -O1 -std=c11 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        -Iinclude -Isrc "$target" src/codec/*.c src/core/*.c src/api/status.c src/http/gate*.c \
        src/adapters/payment_http/answer*.c -o "var/fuzz/$name"
    words=()
    [ ! -f "${target%.c}.dict" ] || words=("-dict=${target%.c}.dict")
    echo "$name: $seconds s"
    "var/fuzz/$name" "${words[@]}" -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 \
        -artifact_prefix="var/fuzz/$name." "var/fuzz/$name.corpus" 2>&1 | tail -n 8
done
