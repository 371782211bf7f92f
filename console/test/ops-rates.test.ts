// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import test from "node:test";

import { parsePage } from "../src/ops/prometheus";
import { bucketsBetween, increase, increaseSum, increasesBy, quantile } from "../src/ops/rates";

test("an increase: a counter that is lower than before was begun again", () => {
    assert.equal(increase(5, 9), 4);
    assert.equal(increase(5, 5), 0);
    assert.equal(increase(100, 3), 3);
});

test("increases: a series that is new counts from zero, one that is gone does not count", () => {
    const before = parsePage('a{s="1"} 10\na{s="2"} 4\n');
    const after = parsePage('a{s="1"} 12\na{s="3"} 5\n');

    assert.equal(increaseSum(before, after, "a"), 7);
    assert.equal(increaseSum(before, after, "a", (labels) => labels["s"] === "1"), 2);
    assert.equal(increaseSum(before, after, "b"), undefined);
});

test("increases by a label add up over the others", () => {
    const before = parsePage('a{s="200",r="x"} 1\n');
    const after = parsePage('a{s="200",r="x"} 3\na{s="200",r="y"} 4\na{s="500",r="x"} 1\n');

    const by = increasesBy(before, after, "a", "s");

    assert.deepEqual([...by], [["200", 6], ["500", 1]]);
});

test("a quantile is interpolated within its bucket, as Prometheus does", () => {
    const buckets = [
        { le: 0.1, count: 10 },
        { le: 0.2, count: 90 },
        { le: 0.4, count: 100 },
        { le: Infinity, count: 100 },
    ];

    assert.equal(quantile(0.05, buckets), 0.05);
    assert.equal(quantile(0.5, buckets), 0.1 + 0.1 * (40 / 80));
    assert.equal(quantile(0.95, buckets), 0.2 + 0.2 * (5 / 10));
    assert.equal(quantile(1, buckets), 0.4);
});

test("a quantile beyond the highest bound is that bound; of nothing there is none", () => {
    assert.equal(quantile(0.99, [{ le: 10, count: 1 }, { le: Infinity, count: 100 }]), 10);
    assert.equal(quantile(0.5, [{ le: 10, count: 0 }, { le: Infinity, count: 0 }]), undefined);
    assert.equal(quantile(0.5, []), undefined);
});

test("buckets between two pages are summed over routes, and sorted by their bounds", () => {
    const before = parsePage('d_bucket{r="x",le="+Inf"} 5\nd_bucket{r="x",le="0.1"} 5\n');
    const after = parsePage(
        'd_bucket{r="x",le="+Inf"} 8\nd_bucket{r="x",le="0.1"} 6\n' +
            'd_bucket{r="y",le="0.1"} 2\nd_bucket{r="y",le="+Inf"} 2\nd_bucket{r="z",le="+Inf"} 9\n',
    );

    const buckets = bucketsBetween(before, after, "d", (labels) => labels["r"] !== "z");

    assert.deepEqual(buckets, [{ le: 0.1, count: 3 }, { le: Infinity, count: 5 }]);
});
