#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which lines of the files that a fuzz target is about its kept inputs reach: feeds tests/fuzz/corpus to the targets of the
preset fuzz-coverage and prints a table of Markdown. coverage.py [NAME...]"""

import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build/fuzz-coverage/tests/fuzz"

# What each target is about; what else runs on the way is not counted.
FILES = {
    "address": "src/adapters/*/address.c src/api/setting_url.c src/api/setting_parse.c src/http/proxies.c "
               "src/http/client_address.c src/telemetry/url.c",
    "api": "src/api/*.c src/engine/*.c src/core/*.c src/adapters/store_memory/*.c",
    "config": "src/service/config*.c",
    "csv": "daemons/auroractl/csv.c daemons/auroractl/retail*.c daemons/auroractl/time_text.c",
    "cursor": "src/http/page_cursor.c src/http/condition.c src/http/fields.c",
    "elastic_reply": "src/adapters/search_elastic/reply.c",
    "event_parse": "src/codec/event_parse.c src/codec/json_tree.c",
    "gate": "src/http/gate*.c",
    "http": "src/http/*.c src/routes/*.c",
    "inbound": "src/engine/inbound*.c src/engine/park.c src/engine/letter.c src/codec/event_parse.c "
               "src/codec/json_tree.c",
    "json_in": "src/http/json_in.c src/http/json_scan.c src/http/json_value.c src/http/json_pointer.c",
    "log": "src/codec/log_*.c src/codec/record.c",
    "payment_answer": "src/adapters/payment_http/answer*.c",
    "redis_reply": "src/adapters/redis/reply.c src/adapters/redis/rate.c",
    "reply": "src/upstream/reply*.c",
    "router": "src/http/router.c src/http/query.c src/http/percent.c",
    "search_query": "src/adapters/search_fts/words.c src/adapters/search_fts/plan.c src/adapters/search_fts/query.c "
                    "src/adapters/search_fts/highlight.c src/adapters/search_fts/suggest.c",
    "snapshot": "src/trending/image.c src/trending/pairs_image.c",
    "text": "src/codec/time_text.c src/http/time_text.c src/http/base64url.c src/http/percent.c "
            "src/service/log_redact.c src/http/cors.c src/metric/accept.c",
    "token": "src/auth/token.c src/auth/claims.c src/auth/key.c src/auth/key_*.c src/auth/algorithm.c",
    "trace": "src/trace/context.c src/http/tracestate.c src/telemetry/baggage.c src/telemetry/environment.c",
}


def measure(name, scratch):
    """(lines reached, lines) over the files of a target."""
    raw, merged = scratch / f"{name}.raw", scratch / f"{name}.data"
    corpus = ROOT / f"tests/fuzz/corpus/{name}.txt"
    subprocess.run([BIN / f"fuzz_{name}", "--corpus", corpus], check=True, stdout=subprocess.DEVNULL,
                   env={"LLVM_PROFILE_FILE": str(raw)})
    subprocess.run(["llvm-profdata-14", "merge", "-o", merged, raw], check=True)
    answer = subprocess.run(["llvm-cov-14", "export", "-summary-only", f"-instr-profile={merged}", BIN / f"fuzz_{name}"],
                            check=True, capture_output=True, text=True, cwd=ROOT)
    wanted = {str(path) for pattern in FILES[name].split() for path in ROOT.glob(pattern)}
    reached = lines = 0
    for file in json.loads(answer.stdout)["data"][0]["files"]:
        path = (ROOT / "build/fuzz-coverage" / file["filename"]).resolve()
        if str(path) in wanted:
            reached += file["summary"]["lines"]["covered"]
            lines += file["summary"]["lines"]["count"]
    return reached, lines


def main():
    names = [word.removeprefix("fuzz_") for word in sys.argv[1:]] or sorted(FILES)
    print("| Target | Lines reached by the kept inputs | Of the files |\n|---|---:|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            reached, lines = measure(name, pathlib.Path(folder))
            print(f"| `{name}` | {100 * reached / max(lines, 1):.1f} % of {lines:,} | `{FILES[name]}` |", flush=True)


if __name__ == "__main__":
    main()
