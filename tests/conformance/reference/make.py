#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the files of data/ and broken/; --check compares."""

import sys

import breaker
import broken
import bucket
import cases
import coverage
import limiter
import machines
import money
import retry
import shop_care
import shop_events
import shop_finds
import shop_orders
import shop_products
import shop_stock
import shop_tasks
import sketches
import words

PARTS = [bucket, limiter, breaker, retry, sketches, money, machines, words, shop_products, shop_stock,
         shop_orders, shop_events, shop_tasks, shop_care, shop_finds, broken]


def main():
    is_check = sys.argv[1:] == ["--check"]
    stale = []
    for part in PARTS:
        for file in part.files():
            text = file.text()
            if not is_check:
                file.path().write_text(text)
            elif not file.path().exists() or file.path().read_text() != text:
                stale.append(file.path().relative_to(cases.DATA.parent))
    for folder in (cases.DATA, cases.BROKEN):
        path = folder / "index.json"
        if not is_check:
            path.write_text(cases.index(folder))
        elif not path.exists() or path.read_text() != cases.index(folder):
            stale.append(path.relative_to(cases.DATA.parent))
    if not is_check:
        coverage.README.write_text(coverage.readme())
    elif coverage.README.read_text() != coverage.readme():
        stale.append("README.md")
    for one in coverage.complaints():
        print(one)
        stale.append(None)
    for name in filter(None, stale):
        print(f"tests/conformance/{name} is not what reference/make.py writes")
    return 1 if stale else 0

if __name__ == "__main__":
    sys.exit(main())
