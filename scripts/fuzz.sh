#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# help: fuzz the decoders with clang's libFuzzer; fuzz [SECONDS [NAME...]], 60 each by default
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
[ $# -eq 0 ] || shift
if ! command -v clang-14 >/dev/null; then
    echo "fuzz: needs clang-14 and libclang-rt-14-dev (apt-get install clang-14 libclang-rt-14-dev)" >&2
    exit 2
fi

# What a target is linked with.
sources() {
    case $1 in
    fuzz_log) echo src/codec/*.c src/core/*.c src/api/status.c ;;
    fuzz_json_in) echo src/http/json_*.c src/http/utf8.c src/http/time_text.c src/core/id.c -lcjson -lm ;;
    fuzz_router) echo src/http/router.c src/http/query.c src/http/percent.c src/http/utf8.c ;;
    fuzz_token) echo src/auth/{token,claims,key,key_jwk,key_set,algorithm}.c src/http/{base64url,json_in,json_scan,json_value,json_pointer,time_text,utf8,signature,hex,hmac}.c src/core/id.c -lcjson -lcrypto -lm ;;
    fuzz_cursor) echo src/http/{fields,condition,page_cursor,hmac,base64url,time_text}.c -lcrypto ;;
    fuzz_search_query) echo src/adapters/search_fts/*.c -lsqlite3 -lm -pthread ;;
    fuzz_gate) echo src/http/gate*.c src/http/hex.c ;;
    fuzz_reply) echo src/upstream/reply*.c src/http/gate*.c src/http/hex.c ;;
    fuzz_elastic_reply) echo src/adapters/search_elastic/reply.c -lcjson -lm ;;
    fuzz_payment_answer) echo src/adapters/payment_http/answer*.c src/codec/*.c src/core/*.c src/api/status.c ;;
    *) echo src/http/*.c src/core/id.c src/api/status.c -levent -lcjson -lcrypto -lz -lm -pthread ;;
    esac
}

mkdir -p var/fuzz
for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    case " $* " in
    "  " | *" $name "* | *" ${name#fuzz_} "*) ;;
    *) continue ;;
    esac
    mkdir -p "var/fuzz/$name.corpus"
    [ "$name" != fuzz_gate ] || python3 tests/http/raw_requests.py --corpus "var/fuzz/$name.corpus"
    # shellcheck disable=SC2046
    clang-14 -g -O1 -std=c11 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined \
        -fno-sanitize-recover=all -Iinclude -Isrc "$target" $(sources "$name") -o "var/fuzz/$name"
    words=()
    [ ! -f "${target%.c}.dict" ] || words=("-dict=${target%.c}.dict")
    echo "$name: $seconds s"
    "var/fuzz/$name" "${words[@]}" -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 \
        -artifact_prefix="var/fuzz/$name." "var/fuzz/$name.corpus" 2>&1 | tail -n 8
done
