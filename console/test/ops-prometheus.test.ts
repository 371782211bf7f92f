// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import test from "node:test";

import { parsePage, seriesKey } from "../src/ops/prometheus";

test("a page: samples by name, with labels and values", () => {
    const page = parsePage(
        '# HELP a_total Some.\n# TYPE a_total counter\na_total{method="GET",route="/orders/{id}"} 3\n' +
            'a_total{method="POST",route="/orders"} 4.5e2\nb 0\n',
    );

    assert.equal(page.value("a_total", { method: "GET" }), 3);
    assert.equal(page.value("a_total", { route: "/orders" }), 450);
    assert.equal(page.sum("a_total"), 453);
    assert.equal(page.value("b"), 0);
    assert.equal(page.sum("c"), undefined);
    assert.equal(page.has("c"), false);
});

test("a page: escapes in labels, braces and commas among them", () => {
    const page = parsePage('a{x="b\\\\c\\"d\\ne",y="},{"} 1\n');

    assert.equal(page.all("a")[0]?.labels["x"], 'b\\c"d\ne');
    assert.equal(page.all("a")[0]?.labels["y"], "},{");
});

test("a page: OpenMetrics' exemplars, times and end are passed over", () => {
    const page = parsePage(
        'a_bucket{le="0.1"} 7 # {trace_id="0123"} 0.05 1700000000.1\nb 2 1700000000\nc_created 5\n# EOF\n',
    );

    assert.equal(page.value("a_bucket", { le: "0.1" }), 7);
    assert.equal(page.value("b"), 2);
});

test("a page: infinite and missing numbers are numbers, garbage is no sample", () => {
    const page = parsePage('a +Inf\nb -Inf\nc NaN\nd\ne x\nf{g="h} 1\n}{ 2\n \n9a 1\nlast 5');

    assert.equal(page.value("a"), Infinity);
    assert.equal(page.value("b"), -Infinity);
    assert.ok(Number.isNaN(page.value("c")));
    for (const name of ["d", "e", "f", "9a"]) assert.equal(page.has(name), false, name);
    assert.equal(page.value("last"), 5);
});

test("a page: a label named like a member of objects is a label", () => {
    const page = parsePage('a{__proto__="1",constructor="2"} 1\n');

    assert.equal(page.all("a")[0]?.labels["__proto__"], "1");
    assert.equal(page.value("a", { constructor: "2" } as never), 1);
});

test("a series' key is made of all labels but the one left out", () => {
    const with2 = parsePage('a{b="1",le="2"} 1\na{b="1",le="3"} 1\na{b="2",le="2"} 1\n').all("a");

    const keys = with2.map((sample) => seriesKey(sample.labels, "le"));

    assert.equal(keys[0], keys[1]);
    assert.notEqual(keys[0], keys[2]);
});
