// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import test from "node:test";

import { lagsOf, pageOfStats, routesBetween, rowBetween } from "../src/ops/figures";
import { parsePage } from "../src/ops/prometheus";
import { pauseAfter } from "../src/ops/poll";
import { emptyTail, grown, nextAfter, TAIL_MAX } from "../src/ops/tail";
import type { LogEvent, LogPage, Stats } from "../src/ops/types";

const request = (route: string, status: string, count: number) => `aurora_http_requests_total{method="GET",route="${route}",status="${status}"} ${count}\n`;
const took = (route: string, le: string, count: number) =>
    `aurora_http_request_duration_seconds_bucket{method="GET",route="${route}",le="${le}"} ${count}\n`;

const first = parsePage(request("/products", "200", 10) + request("/metrics", "200", 5) + took("/products", "0.1", 10) + took("/products", "+Inf", 10)
    + "process_cpu_seconds_total 1\naurora_orders_created_total 3\naurora_orders_total{status=\"COMPLETED\"} 2\n");
const second = parsePage(request("/products", "200", 50) + request("/products", "404", 10) + request("/products", "503", 4) + request("/metrics", "200", 90)
    + request("/admin/stats", "200", 90) + took("/products", "0.1", 50) + took("/products", "+Inf", 64)
    + took("/orders/{id}/events", "0.1", 0) + took("/orders/{id}/events", "+Inf", 1000)
    + "process_cpu_seconds_total 1.5\naurora_orders_created_total 13\naurora_orders_total{status=\"COMPLETED\"} 6\naurora_queue_length 4\n");
const scrapes = [{ at: 1000, http: first, engine: first }, { at: 11_000, http: second, engine: second }] as const;

test("a row: rates of what customers ask, without who watches and without streams", () => {
    const row = rowBetween(...scrapes);

    assert.deepEqual([row.good, row.refused, row.failed], [4, 1, 0.4]);
    assert.deepEqual([row.created, row.completed, row.cpu, row.queue], [1, 0.4, 0.05, 4]);
    assert.ok(row.p50! > 0 && row.p50! < 0.1, String(row.p50));
});

test("a row: what is not known is missing, not 0", () => {
    assert.deepEqual(rowBetween({ at: 1 }, { at: 2 }), {});
    assert.deepEqual(rowBetween(scrapes[0], scrapes[0]), {});
});

test("routes: the most asked first, with shares of what failed; who watches is told too", () => {
    const [top, , last] = routesBetween(...scrapes);

    assert.deepEqual([top?.route, top?.perSecond], ["/admin/stats", 9]);
    assert.deepEqual([last?.route, last?.perSecond, last?.failedShare, last?.refusedShare], ["/products", 5.4, 4 / 54, 10 / 54]);
});

test("lags: followers that are gone are left out, seconds are told where they are known", () => {
    const follower = { name: "search", kind: "follower", position: 1, lag: 7, seen_at: null, is_gone: false };
    const stats = { consumers: [follower, { ...follower, name: "old", is_gone: true }] } as unknown as Stats;
    const page = pageOfStats([{ name: "aurora_follower_lag_seconds", labels: { follower: "search" }, value: 2 }]);

    assert.deepEqual(lagsOf("order", stats, page), [{ service: "order", name: "search", kind: "follower", events: 7, seconds: 2 }]);
});

test("a service that gives one lag for all it reads has it under that name", () => {
    const page = parsePage("aurora_inbound_lag 3\n");

    assert.deepEqual(lagsOf("order", {} as Stats, page),
        [{ service: "order", name: "inbox", kind: "read from the bus", events: 3, seconds: undefined }]);
});

test("a poll that fails comes more rarely, at most every 15 s, and as the server says", () => {
    assert.deepEqual([0, 1, 2, 3, 9].map((failures) => pauseAfter(2000, failures)), [2000, 4000, 8000, 15_000, 15_000]);
    assert.equal(pauseAfter(2000, 1, 30_000), 30_000);
    assert.equal(pauseAfter(30_000, 4), 30_000);
});

test("the tail never grows beyond its bound, and goes to the end of a log that is too fast", () => {
    const page = (from: number): LogPage => ({
        items: Array.from({ length: 200 }, (_, i) => ({ position: from + i }) as LogEvent), position: from + 199, oldest: 1, newest: from + 199,
    });
    let tail = emptyTail;
    for (let i = 0; i < 10; i++)
        tail = grown(tail, page(1 + i * 200), i === 9 ? 5 : 0);

    assert.equal(tail.events.length, TAIL_MAX);
    assert.deepEqual([tail.events[0]?.position, tail.skipped, tail.newest], [2000, 5, 2000]);
    assert.deepEqual(nextAfter(100, 200), { after: 100, skipped: 0 });
    assert.deepEqual(nextAfter(100, 50_000), { after: 49_800, skipped: 49_700 });
});
