#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what a store of replayed Online Retail orders says of trending, popular and related
products with sums over the file itself: trending_retail.py LIBRARY FILE STORE DATE SETTINGS...

Prints the largest error that was stated and the largest that was found, and the recall of related
products; exits with 1 when a true score is not within its bounds, a product is missing or the recall
is too low. Each of SETTINGS is one handle's, as
"name=value,..." or "" for the defaults."""

import calendar
import collections
import contextlib
import ctypes
import math
import sys
import time

import retail

HOUR_MS = 3600000
WINDOWS = {"1h": HOUR_MS, "24h": 24 * HOUR_MS, "7d": 168 * HOUR_MS}
RELATED_HALF_LIFE_MS = 30 * 24 * HOUR_MS
RELATED_LIMIT = 100  # more than the neighbours of a SKU, so that all that are held are listed
NEIGHBOURS = 32
BASKET_MAX = 32
LISTED = 20
RECALL_AT = 10
RECALL_LEAST = 0.70  # with a place for every SKU of the file, of 3,571 that have as many companions
OPEN_READONLY = 2
ROUNDING = 1e-9


# --- the library ----------------------------------------------------------------------------------

CLOCK_CALL = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)


class Clock(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("self", ctypes.c_void_p), ("wall_ms", CLOCK_CALL),
                ("monotonic_ns", CLOCK_CALL)]


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("flags", ctypes.c_uint32),
                ("allocator", ctypes.c_void_p), ("clock", ctypes.POINTER(Clock)),
                ("log", ctypes.c_void_p), ("drivers", ctypes.c_void_p),
                ("settings", ctypes.POINTER(ctypes.c_char_p)), ("driver_count", ctypes.c_uint32),
                ("setting_count", ctypes.c_uint32), ("faults", ctypes.c_void_p)]


class Error(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("status", ctypes.c_int32),
                ("field", ctypes.c_char * 64), ("message", ctypes.c_char * 188)]


class TrendQuery(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("limit", ctypes.c_uint32),
                ("window_ms", ctypes.c_int64), ("category", ctypes.c_char_p),
                ("at_ms", ctypes.c_int64)]


class Trend(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("reserved", ctypes.c_uint32), ("sku", ctypes.c_char_p),
                ("score", ctypes.c_double), ("error", ctypes.c_double)]


class TrendPage(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("count", ctypes.c_uint32),
                ("items", ctypes.POINTER(ctypes.POINTER(Trend))), ("at_ms", ctypes.c_int64)]


class Shop:
    """A handle for reading whose clock stands at `at_ms`. Answers are [(sku, score, error)]."""

    def __init__(self, library, url, at_ms, settings):
        self.library = ctypes.CDLL(library)
        self.library.aurora_close.argtypes = [ctypes.c_void_p]
        self.library.aurora_close.restype = None
        self.library.aurora_trend_page_free.argtypes = [ctypes.c_void_p]
        self.library.aurora_trend_page_free.restype = None
        self.at_ms = at_ms
        self.clock = Clock(ctypes.sizeof(Clock), None, CLOCK_CALL(lambda _: at_ms),
                           CLOCK_CALL(lambda _: time.monotonic_ns()))
        texts = (ctypes.c_char_p * len(settings))(*(text.encode() for text in settings))
        options = Options(size=ctypes.sizeof(Options), flags=OPEN_READONLY,
                          clock=ctypes.pointer(self.clock), settings=texts,
                          setting_count=len(settings))
        self.handle = ctypes.c_void_p()
        self.call("aurora_open", url.encode(), ctypes.byref(options), ctypes.byref(self.handle))

    def call(self, name, *arguments):
        error = Error(size=ctypes.sizeof(Error))
        status = getattr(self.library, name)(*arguments, ctypes.byref(error))
        if status != 0:
            sys.exit(f"{name}: {status} {error.field.decode()} {error.message.decode()}")

    def ask(self, name, *arguments):
        page = ctypes.POINTER(TrendPage)()
        self.call(name, self.handle, *arguments, ctypes.byref(page))
        if page.contents.at_ms != self.at_ms:
            sys.exit(f"{name}: answers for {page.contents.at_ms}, asked for {self.at_ms}")
        items = [page.contents.items[i].contents for i in range(page.contents.count)]
        answer = [(item.sku.decode(), item.score, item.error) for item in items]
        self.library.aurora_trend_page_free(page)
        return answer

    def trending(self, window_ms):
        query = TrendQuery(size=ctypes.sizeof(TrendQuery), limit=LISTED, window_ms=window_ms,
                           at_ms=self.at_ms)
        return self.ask("aurora_trending", ctypes.byref(query))

    def popular(self):
        return self.ask("aurora_popular_products", None, ctypes.c_uint32(LISTED))

    def related(self, sku, limit=RELATED_LIMIT):
        return self.ask("aurora_related_products", sku.encode(), ctypes.c_uint32(limit))

    def close(self):
        self.library.aurora_close(self.handle)


# --- the truth ------------------------------------------------------------------------------------

def read_baskets(path, date):
    """[(time, distinct SKUs in the order of the file)] of the orders before the date."""
    orders, _ = retail.read(path)
    return [(calendar.timegm(time.strptime(placed, "%Y-%m-%d %H:%M:%S")) * 1000,
             list(dict.fromkeys(sku for sku, _, _ in lines)))
            for _, placed, lines in retail.before(orders, date).values()]


def sums(weighted):
    """key -> exactly rounded sum, of (key, weight) pairs."""
    parts = collections.defaultdict(list)
    for key, weight in weighted:
        parts[key].append(weight)
    return collections.defaultdict(float, {key: math.fsum(all_) for key, all_ in parts.items()})


def decay(age_ms, half_life_ms):
    return 2.0 ** (-age_ms / half_life_ms)


def scores(baskets, at_ms, half_life_ms):
    return sums((sku, decay(at_ms - placed_ms, half_life_ms))
                for placed_ms, skus in baskets for sku in skus)


def pair_scores(baskets, at_ms, sku):
    """(other SKU -> score of the pair, the score of all SKUs of all baskets)."""
    paired = [(decay(at_ms - placed_ms, RELATED_HALF_LIFE_MS), skus[:BASKET_MAX])
              for placed_ms, skus in baskets if len(skus) > 1]
    pairs = sums((other, weight) for weight, skus in paired if sku in skus
                 for other in skus if other != sku)
    return pairs, math.fsum(weight * len(skus) for weight, skus in paired)


def all_pairs(baskets, at_ms):
    """SKU -> other SKU -> score of the pair."""
    pairs = collections.defaultdict(lambda: collections.defaultdict(float))
    for placed_ms, skus in baskets:
        weight = decay(at_ms - placed_ms, RELATED_HALF_LIFE_MS)
        basket = skus[:BASKET_MAX]
        for sku in basket:
            row = pairs[sku]
            for other in basket:
                row[other] += weight
    for sku, row in pairs.items():
        del row[sku]
    return pairs


# --- the comparison -------------------------------------------------------------------------------

class Comparison:
    def __init__(self):
        self.failures = []

    def refuse(self, what):
        self.failures.append(what)

    def bounds(self, name, answer, truth, error_max):
        """Each true score is within its bounds, and they are no wider than promised. Returns the
        largest stated error, as a share of its score."""
        stated = found = 0.0
        for sku, score, error in answer:
            slack = ROUNDING * score
            if not score - error - slack <= truth[sku] <= score + slack:
                self.refuse(f"{name}: {sku} is {truth[sku]!r}, not in {score!r} - {error!r}")
            if error > error_max + slack:
                self.refuse(f"{name}: {sku} has the error {error!r}, above {error_max!r}")
            stated = max(stated, error / score)
            found = max(found, abs(score - truth[sku]) / score)
        order = [(-score, sku.encode()) for sku, score, _ in answer]
        if order != sorted(order):
            self.refuse(f"{name}: not in falling order")
        print(f"{name}: {len(answer)} listed; relative error at most {stated:.3g} stated, "
              f"{found:.3g} found")
        return stated

    def listed(self, name, answer, truth, least):
        """Whatever is truly above `least` is there."""
        there = {sku for sku, _, _ in answer}
        for sku, score in truth.items():
            if score > least * (1 + ROUNDING) and sku not in there:
                self.refuse(f"{name}: {sku} with {score!r} is missing")

    def ranking(self, name, answer, truth, capacity):
        error_max = 0.0 if len(truth) <= capacity else math.fsum(truth.values()) / capacity
        if len(answer) != LISTED:
            self.refuse(f"{name}: {len(answer)} listed, expected {LISTED}")
            return 0.0
        self.listed(name, answer, truth, answer[-1][1])
        return self.bounds(name, answer, truth, error_max)


class Truth:
    def __init__(self, path, date, at_ms):
        baskets = read_baskets(path, date)
        self.windows = {name: scores(baskets, at_ms, window_ms)
                        for name, window_ms in WINDOWS.items()}
        self.popular = sums((sku, 1.0) for _, skus in baskets for sku in skus)
        self.all_pairs = all_pairs(baskets, at_ms)
        self.top = max(self.popular, key=self.popular.get)
        self.pairs, self.everything = pair_scores(baskets, at_ms, self.top)


def recall(shop, truth):
    """The share of the truly closest companions that are among as many answers, over all SKUs that
    have that many. Equals of the last one count as well."""
    shares = []
    for sku, row in truth.all_pairs.items():
        if len(row) < RECALL_AT:
            continue
        least = sorted(row.values(), reverse=True)[RECALL_AT - 1] * (1 - ROUNDING)
        answer = shop.related(sku, RECALL_AT)
        shares.append(sum(row[other] >= least for other, _, _ in answer) / RECALL_AT)
    return math.fsum(shares) / len(shares), len(shares)


def compare(shop, truth, capacity, related_skus):
    comparison = Comparison()
    stated = [comparison.ranking(name, shop.trending(WINDOWS[name]), window, capacity)
              for name, window in truth.windows.items()]
    stated.append(comparison.ranking("popular", shop.popular(), truth.popular, capacity))
    if len(truth.popular) > capacity and max(stated) == 0.0:
        comparison.refuse(f"{len(truth.popular)} SKUs in {capacity} places without an error")
    name = f"related to {truth.top}"
    related = shop.related(truth.top)
    if not related:
        comparison.refuse(f"{name}: nothing")
    error_max = math.fsum(truth.pairs.values()) / NEIGHBOURS + truth.everything / related_skus
    comparison.bounds(name, related, truth.pairs, error_max)
    comparison.listed(name, related, truth.pairs, error_max)
    share, count = recall(shop, truth)
    print(f"related: recall@{RECALL_AT} is {share:.3f} over {count} SKUs")
    if related_skus >= len(truth.popular) and share < RECALL_LEAST:
        comparison.refuse(f"recall@{RECALL_AT} is {share:.3f}, at least {RECALL_LEAST} is promised")
    return comparison.failures


def main():
    library, path, url, date, *cases = sys.argv[1:]
    at_ms = calendar.timegm(time.strptime(date, "%Y-%m-%d")) * 1000
    truth = Truth(path, date, at_ms)
    failures = []
    for case in cases:
        print(f"with {case or 'the defaults'}:")
        settings = case.split(",") if case else []
        sizes = {"trending_capacity": "4096", "related_skus": "4096"}
        sizes.update(text.split("=") for text in settings)
        with contextlib.closing(Shop(library, url, at_ms, settings)) as shop:
            failures += compare(shop, truth, int(sizes["trending_capacity"]),
                                int(sizes["related_skus"]))
    for failure in failures:
        print(failure, file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
