#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a replay of the Online Retail file must come to, by another program than the one under test:
one line per case, its name and the summary without the seconds."""

import collections
import csv
import decimal
import io
import json
import lzma
import sys


def pence(text):
    number = decimal.Decimal(text)
    return int((number * 100).quantize(decimal.Decimal(1), rounding=decimal.ROUND_HALF_UP))


def read(path):
    """(orders, returns): invoice -> (customer, time, [(sku, quantity, price)]), in file order."""
    orders, returns, odd = {}, {}, set()
    with lzma.open(path) as packed:
        for row in csv.DictReader(io.TextIOWrapper(packed, encoding="utf-8", newline="")):
            invoice, quantity = row["InvoiceNo"], int(row["Quantity"])
            is_return = invoice.startswith("C")
            is_sale = decimal.Decimal(row["UnitPrice"]) > 0 and row["CustomerID"] != ""
            if is_return and not (is_sale and quantity < 0):
                odd.add(invoice)
            if invoice.startswith("A") or not is_sale or (quantity < 0) != is_return:
                continue
            entry = (returns if is_return else orders).setdefault(
                invoice, (row["CustomerID"], row["InvoiceDate"], []))
            entry[2].append((row["StockCode"].strip().upper(), abs(quantity),
                             pence(row["UnitPrice"])))
    return orders, {k: v for k, v in returns.items() if k not in odd}


def total(lines):
    return sum(quantity * price for _, quantity, price in lines)


def summary(orders, completed, failed=(), cancelled=()):
    return json.dumps({
        "orders": len(orders), "lines": sum(len(o[2]) for o in orders.values()),
        "completed": len(completed), "failed": len(failed), "cancelled": len(cancelled),
        "total_minor": sum(total(orders[i][2]) for i in completed)}, separators=(",", ":"))


def before(orders, time):
    return {k: v for k, v in orders.items() if v[1] < time}


def run_with_stock(orders, percent, early):
    """(completed, failed) of the early orders, one after another, when each takes all of its lines
    or nothing of a share of what all orders ask for."""
    sold = collections.Counter()
    for _, _, lines in orders.values():
        for sku, quantity, _ in lines:
            sold[sku] += quantity
    left = {sku: quantity * percent // 100 for sku, quantity in sold.items()}
    completed, failed = [], []
    for invoice, (_, _, lines) in sorted(early.items(), key=lambda item: item[1][1]):
        wanted = collections.Counter()
        for sku, quantity, _ in lines:
            wanted[sku] += quantity
        if all(left[sku] >= quantity for sku, quantity in wanted.items()):
            left.update({sku: left[sku] - quantity for sku, quantity in wanted.items()})
            completed.append(invoice)
        else:
            failed.append(invoice)
    return completed, failed


def returned_whole(orders, returns):
    places = collections.defaultdict(list)
    for invoice, (customer, time, lines) in orders.items():
        places[customer, tuple(sorted(lines))].append((time, invoice))
    taken = set()
    for customer, time, lines in sorted(returns.values(), key=lambda entry: entry[1]):
        same = [p for p in places[customer, tuple(sorted(lines))]
                if p[0] <= time and p[1] not in taken]
        if same:
            taken.add(same[-1][1])
    return taken


def main():
    orders, returns = read(sys.argv[1])
    print("full", summary(orders, orders))
    for month in ("2011_05", "2011_07"):
        early = before(orders, month.replace("_", "-"))
        print(f"full_before_{month}", summary(early, early))
    for name, some in (("stock_60", orders), ("stock_20_before_2011_05",
                                              before(orders, "2011-05"))):
        completed, failed = run_with_stock(orders, int(name[6:8]), some)
        print(name, summary(some, completed, failed))
    taken = returned_whole(orders, returns)
    print("returns", summary(orders, [i for i in orders if i not in taken], (), taken))


if __name__ == "__main__":
    main()
