#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the benchmarks of C, Python and Go in turns, and compares medians with the bars.

`./dev bench bindings` builds the three and calls this. Each program prints JSON lines
{"binding": ..., "what": "orders|bucket|empty|bucket_batch", "n": ..., "seconds": ...}."""

import argparse
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys

ORDERS_SHARE_MIN = 0.5  # of C's orders a second
CALL_RATIO_MAX = 1.3  # a bucket's take to an empty call through the same binding
WHEEL_BYTES_MAX = 2 * 1024 * 1024


def run(command):
    """The lines that one program printed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench bindings: {shlex.join(command)} ended with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def measure(programs, rounds):
    """{(binding, what): [seconds for one, a round each]}"""
    found = {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", flush=True)
        for command in programs.values():
            for line in run(command):
                key = (line["binding"], line["what"])
                found.setdefault(key, []).append(line["seconds"] / line["n"])
    return {key: statistics.median(each) for key, each in found.items()}, found


def spread(each):
    return f"{1e9 * min(each):,.0f}..{1e9 * max(each):,.0f}"


def show(median, found, programs):
    print(f"\n{'':8}{'orders/s':>12}{'share of C':>12}{'take ns':>10}{'empty ns':>10}"
          f"{'ratio':>8}{'key of a batch ns':>19}")
    for binding in programs:
        one = {what: median[binding, what] for what in ("orders", "bucket", "empty", "bucket_batch")}
        print(f"{binding:8}{1 / one['orders']:12,.0f}{median['c', 'orders'] / one['orders']:12.2f}"
              f"{1e9 * one['bucket']:10.1f}{1e9 * one['empty']:10.1f}"
              f"{one['bucket'] / one['empty']:8.2f}{1e9 * one['bucket_batch']:19.1f}")
    print("\nns an order, lowest and highest round: " + ", ".join(
        f"{binding} {spread(found[binding, 'orders'])}" for binding in programs))


def judge(median, programs, wheel):
    """The bars that were missed, in words."""
    for binding in programs:
        if binding == "c":
            continue
        share = median["c", "orders"] / median[binding, "orders"]
        ratio = median[binding, "bucket"] / median[binding, "empty"]
        if share < ORDERS_SHARE_MIN:
            yield f"{binding}: {share:.2f} of C's orders, at least {ORDERS_SHARE_MIN} wanted"
        if ratio > CALL_RATIO_MAX:
            yield f"{binding}: a take is {ratio:.2f} empty calls, at most {CALL_RATIO_MAX} wanted"
    if wheel is not None and wheel.stat().st_size > WHEEL_BYTES_MAX:
        yield f"the wheel has {wheel.stat().st_size:,} bytes, at most {WHEEL_BYTES_MAX:,} wanted"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--c", required=True)
    parser.add_argument("--python", help="the command, as one text")
    parser.add_argument("--go")
    parser.add_argument("--wheel", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--orders", type=int, default=50000)
    parser.add_argument("--calls", type=int, default=1000000)
    given = parser.parse_args()
    flags = ["--orders", str(given.orders), "--calls", str(given.calls)]
    programs = {"c": [given.c, str(given.orders), str(given.calls)]}
    if given.python:
        programs["python"] = [*shlex.split(given.python), *flags]
    if given.go:
        programs["go"] = [given.go, *flags]
    median, found = measure(programs, given.rounds)
    show(median, found, programs)
    if given.wheel is not None:
        print(f"the wheel has {given.wheel.stat().st_size:,} bytes")
    missed = list(judge(median, programs, given.wheel))
    print("\n".join(missed) if missed else "all bars hold for what was measured")
    if "AURORA_BENCH_JSON" in os.environ:
        rows = [{"binding": b, "what": w, "seconds_for_one": s} for (b, w), s in median.items()]
        pathlib.Path(os.environ["AURORA_BENCH_JSON"]).write_text(json.dumps(rows, indent=1) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
