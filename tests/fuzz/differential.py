#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the library answers of amounts, prices, buckets and limiters, worked out again in Python's integers, which have no
end. differential.py PROGRAM [--seed N] [--cases N]; tests/fuzz/differential.c says what is asked.

A bucket is here what its header says: so many tokens come in so many nanoseconds. Where a token takes a whole or half
number of them every answer has to be the same to the nanosecond; elsewhere a full bucket that is used again may refill
later by less than one, and answers lie between those of a bucket that does not and of one that loses it whole.

Mutation, each found within 400 cases: leave `+ (rest != 0)` out of aurora__gcra_scale (the carry); leave the break out of
digit(); let aurora__gcra_describe round what remains up; compare with now.ceil in aurora__gcra_move; let check_total
(src/api/order_request.c) begin at 0; let aurora_money_mul wrap; let ctl_price_parse round 5 down."""

import argparse
import subprocess
import sys

INT64_MIN, INT64_MAX = -2**63, 2**63 - 1
PER_NS_MAX, BURST_MAX, FILL_NS_MAX, TIME_MAX = 10**18, 10**16, 2 * 10**18, 2**62 - 1
PRICE_CEILING = 10**12  # of retail files, in hundredths


class Different(Exception):
    pass


def expect(what, told, right):
    if told != right:
        raise Different(f"{what} is {told}, should be {right}")


def between(what, low, told, high):
    if not low <= told <= high:
        raise Different(f"{what} is {told}, should be from {low} to {high}")


def arithmetic(word, fields):
    a, b, is_taken, result = map(int, fields)
    right = a + b if word == "add" else a * b
    fits = INT64_MIN <= right <= INT64_MAX
    expect("taken", is_taken, int(fits))
    expect("result", result, right if fits else 7)


def total(fields):
    numbers = list(map(int, fields))
    is_taken, charge, lines = numbers[-1], numbers[-2], numbers[:-2]
    sum_minor = charge + sum(quantity * price for quantity, price in zip(lines[::2], lines[1::2]))
    expect("taken", is_taken, int(0 <= sum_minor <= INT64_MAX))


def price(fields):
    text, is_taken, minor, is_positive = fields[0][1:], int(fields[1]), int(fields[2]), int(fields[3])
    digits = text.removeprefix("-")
    whole, _, part = digits.partition(".")
    if not is_taken:
        # A number is refused only for want of digits, or beyond the ceiling.
        if (whole + part).isdigit() and whole and int(whole) * 100 < PRICE_CEILING - 100:
            raise Different(f"{text} is refused")
        return
    scaled = int((whole or "0") + part)
    unit = 10 ** len(part)
    right = (scaled * 100 * 2 + unit) // (2 * unit)  # half up, away from 0
    expect("minor", minor, -right if text.startswith("-") else right)
    expect("positive", is_positive, int(scaled > 0 and not text.startswith("-")))


class Bucket:
    """Counts in units of which a nanosecond has `tokens` and a token `per`: all is whole."""

    def __init__(self, tokens, per, burst, full_at_ns, slack_ns):
        self.tokens, self.per, self.burst, self.slack_ns = tokens, per, burst, slack_ns
        self.full_at = full_at_ns * tokens

    def wait(self, n, now):
        """Nanoseconds until n tokens are there."""
        works_at = self.full_at - (self.burst - n) * self.per
        return max(0, -(-works_at // self.tokens) - now)

    def take(self, n, now):
        if n:
            # The real one may have been full here where the late one was not.
            self.full_at = max(self.full_at, (now + self.slack_ns) * self.tokens) + n * self.per

    def remaining(self, now):
        return max(0, self.burst * self.per - max(0, self.full_at - now * self.tokens)) // self.per


class Limiter:
    """A bucket, or one for each key, of one rate."""

    def __init__(self, fields, is_one):
        tokens, per, burst, now, is_made = map(int, fields)
        is_good = (1 <= per <= PER_NS_MAX and 1 <= tokens <= per and 1 <= burst <= BURST_MAX
                   and burst * per <= FILL_NS_MAX * tokens)
        expect("made", is_made, int(is_good))
        self.rate = (tokens, per, burst)
        self.slack_ns = 0 if 2 * per % tokens == 0 else 1
        self.start = max(0, min(now, TIME_MAX)) if is_one else 0
        self.pairs = {}

    def pair(self, key):
        """The bucket that loses nothing, and the one that loses as much as it may."""
        if key not in self.pairs:
            # What is filled at a time between two units is full by the one before.
            self.pairs[key] = (Bucket(*self.rate, self.start - self.slack_ns, 0),
                               Bucket(*self.rate, self.start, self.slack_ns))
        return self.pairs[key]

    def take(self, fields):
        key, n, now, is_taken, retry, remaining, reset = map(int, fields)
        now = max(0, min(now, TIME_MAX))
        early, late = self.pair(key)
        if n > early.burst:
            expect("taken", is_taken, 0)
            expect("retry", retry, -1)
        else:
            if is_taken:
                expect("wait of what was taken", early.wait(n, now) if n else 0, 0)
                expect("retry", retry, 0)
            else:
                between("retry", max(1, early.wait(n, now)), retry, late.wait(n, now))
            if is_taken:
                early.take(n, now)
                late.take(n, now)
        between("remaining", late.remaining(now), remaining, early.remaining(now))
        between("reset", early.wait(early.burst, now), reset, late.wait(late.burst, now))


def judge(lines):
    """How many cases agree; Different with the line that does not."""
    count, limiter = 0, None
    for line in lines:
        word, *fields = line.split()
        try:
            if word == "take":
                limiter.take(fields)
            elif word in ("bucket", "limiter"):
                limiter = Limiter(fields, word == "bucket")
            elif word == "price":
                price(fields)
            elif word == "total":
                total(fields)
            else:
                arithmetic(word, fields)
        except Different as why:
            raise Different(f"case {count}: {line.strip()}: {why}") from None
        count += 1
    return count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--seed", type=int, default=20261129)
    parser.add_argument("--cases", type=int, default=100000)
    options = parser.parse_args()
    print(f"differential: seed {options.seed}, {options.cases:,} cases", flush=True)
    words = [options.program, str(options.seed), str(options.cases)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as program:
        try:
            count = judge(program.stdout)
        except Different as why:
            program.kill()
            sys.exit(f"differential: {why}")
    if program.returncode != 0 or count < options.cases:
        sys.exit(f"differential: the program ended with {program.returncode} after {count} cases")
    print(f"differential: {count:,} cases agree")


if __name__ == "__main__":
    main()
