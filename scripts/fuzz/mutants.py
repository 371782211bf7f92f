#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whether the fuzz targets would notice: breaks a copy of the tree in one place after the other, and gives each broken
program the kept inputs, then some seconds of fuzzing. Prints a table of Markdown; exits with 1 where a target missed one.
mutants.py [--seconds S] [NAME...]

Only rules are broken here, which no sanitizer knows of: what hurts memory is seen without an oracle."""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import corpus  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPY = ROOT / "build/fuzz-mutants"
BIN = COPY / "build/fuzz/bin"
HANG_S = 60  # of one input

# (target, what is broken, file, text, what it becomes)
MUTANTS = [
    ("api", "what is released stays reserved", "src/core/stock.c",
     "    stock->reserved -= quantity;\n    stock->available += quantity;\n", "    stock->available += quantity;\n"),
    ("api", "a reservation takes nothing away", "src/core/stock.c",
     "    stock->available -= quantity;\n    stock->reserved += quantity;\n", "    stock->reserved += quantity;\n"),
    ("http", "Content-Length is one more than there is", "src/http/answer.c",
     "at = aurora__decimal_write(at, exchange->content.len);", "at = aurora__decimal_write(at, exchange->content.len + 1);"),
    ("http", "HEAD gets the body", "src/http/connection.c",
     "return exchange->method != AURORA_HTTP_HEAD && exchange->status != 204", "return exchange->status != 204"),
    ("http", "no token is as good as one", "src/http/principal.c",
     'return refuse(refusal, 401, "unauthorized", "Authorization", "is required: Bearer and a token");', "return true;"),
    ("http", "an order is shown to whoever may read some", "src/routes/order_answer.c",
     "return (principal->scopes & AURORA_SCOPE_ORDERS_ADMIN) != 0 ||",
     "return (principal->scopes & AURORA_SCOPE_ORDERS_READ) != 0 ||"),
    ("http", "a list without a customer is of everybody's orders", "src/routes/orders.c", "    *out = principal->name;\n", ""),
    ("http", "an Idempotency-Key is read and forgotten", "src/routes/order_place.c",
     "if (read_request(placing, doc, key, &request))", "if (read_request(placing, doc, NULL, &request))"),
    ("http", "a control character stands in JSON as it is", "src/http/json_out.c", 'snprintf(text, sizeof text, "\\\\u%04x", c);',
     'snprintf(text, sizeof text, "%c", c);'),
    ("http", "a problem's status is 400, whatever was answered", "src/http/problem.c",
     'aurora_json_out_int(&out, "status", status);', 'aurora_json_out_int(&out, "status", 400);'),
    ("http", "a refusal may be kept by caches", "src/http/answer.c", "return !is_read || exchange->status >= 400 || !is_public;",
     "return !is_read || !is_public;"),
    ("inbound", "what the watermark has reached is taken again", "src/engine/inbound_take.c",
     "*is_new_out = before == NULL || position > before->position ||",
     "*is_new_out = before == NULL || position >= before->position ||"),
    ("inbound", "the watermark never moves on", "src/engine/inbound_take.c",
     "    if (position > mark->position)\n        mark->position = position;\n",
     "    if (mark->position == 0)\n        mark->position = position;\n"),
    ("inbound", "one message more than was given is done", "src/engine/inbound.c",
     "->next_offset = record->offset + 1;", "->next_offset = record->offset + 2;"),
    ("inbound", "a duplicate goes uncounted", "src/engine/inbound.c",
     "aurora__counter_add(counters->inbound_duplicates, 1);", "aurora__counter_add(counters->inbound_duplicates, 0);"),
    ("inbound", "a follower forgets to keep what was deleted", "src/engine/inbound_take.c",
     "(BIT(event->kind) & KINDS_OF_PRODUCTS) != 0", "(BIT(event->kind) & BIT(AURORA_EVENT_PRODUCT_UPSERTED)) != 0"),
    ("inbound", "what cannot be read is taken as if it could", "src/engine/inbound_take.c",
     "aurora_status damage = command->must_park ? AURORA_ECORRUPT : command->damage;",
     "aurora_status damage = command->must_park ? AURORA_ECORRUPT : AURORA_OK;"),
]


def environment():
    return dict(os.environ, ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1", UBSAN_OPTIONS="print_stacktrace=1")


def copy_tree():
    """What is not ignored, as it is now. What was built of an earlier copy is used again where nothing has changed."""
    answer = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True)
    for name in filter(None, answer.stdout.decode().split("\0")):
        there, here = COPY / name, ROOT / name
        if not here.exists() or (there.exists() and there.read_bytes() == here.read_bytes()):
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here, there)


def build(targets):
    answer = subprocess.run(["cmake", "--build", "build/fuzz", "--parallel", os.environ.get("AURORA_JOBS", str(os.cpu_count())),
                             "--target", *(f"fuzz_{target}" for target in targets)],
                            cwd=COPY, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        sys.exit(f"mutants: does not build\n{answer.stdout[-4000:]}")


def fails(target, folder, *words):
    """Whether the program ends badly: an oracle, a sanitizer, or an input that hangs."""
    answer = subprocess.run([BIN / f"fuzz_{target}", f"-timeout={HANG_S}", f"-artifact_prefix={COPY}/found.", "-max_len=8192",
                             *words, folder], env=environment(), cwd=COPY, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, check=False)
    return answer.returncode != 0


def inputs_of(target):
    folder = COPY / f"{target}.corpus"
    shutil.rmtree(folder, ignore_errors=True)
    corpus.unpack(corpus.read(ROOT / f"tests/fuzz/corpus/{target}.txt"), folder)
    return folder


def caught_by(target, seconds):
    folder = inputs_of(target)
    if fails(target, folder, "-runs=0"):
        return "the kept inputs"
    start = time.monotonic()
    if fails(target, folder, f"-max_total_time={seconds}"):
        return f"fuzzing, {time.monotonic() - start:.0f} s"
    return None


def try_one(target, what, name, old, new, seconds):
    path = COPY / name
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        sys.exit(f"mutants: {name} has the text of '{what}' {text.count(old)} times: {old!r}")
    path.write_text(text.replace(old, new), encoding="utf-8")
    try:
        build([target])
        found = caught_by(target, seconds)
    finally:
        path.write_text(text, encoding="utf-8")
    print(f"| `{target}` | {what} | {found or '**missed**'} |", flush=True)
    return found is not None


def main():
    parser = argparse.ArgumentParser(prog="./dev fuzz mutants")
    parser.add_argument("--seconds", type=int, default=60, help="of fuzzing, where the kept inputs find nothing")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if not options.names or mutant[0] in options.names]
    targets = sorted({mutant[0] for mutant in chosen})
    if not chosen:
        sys.exit(f"mutants: there are some for {' '.join(sorted({mutant[0] for mutant in MUTANTS}))}")
    copy_tree()
    subprocess.run(["cmake", "--preset", "fuzz"], cwd=COPY, check=True, stdout=subprocess.DEVNULL)
    build(targets)
    for target in targets:
        if fails(target, inputs_of(target), "-runs=0"):
            sys.exit(f"mutants: {target} fails before anything is broken: {BIN}/fuzz_{target} says why")
    print("| Target | Broken | Found by |\n|---|---|---|", flush=True)
    missed = sum(not try_one(*mutant, options.seconds) for mutant in chosen)
    print(f"\n{len(chosen)} broken rules, {missed} missed; `./dev fuzz mutants`")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
