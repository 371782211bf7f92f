// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import test from "node:test";

import { concernsOf, unsettledOf } from "../src/ops/attention";
import { parsePage } from "../src/ops/prometheus";
import type { Saga } from "../src/ops/types";

const calm = { unsettled: [], breakers: [], row: {}, lags: [] };
const parked = { status: "PARKED", age_ms: 90_000 } as unknown as Saga;

test("nothing that is well needs somebody", () => {
    const ready = { status: "ready", checks: [{ name: "engine", status: "ok", detail: "" }] };

    assert.deepEqual(concernsOf({ ...calm, ready, row: { good: 100, refused: 20, failed: 0.5 }, deadLetters: 0, logShare: 0.5 }), []);
});

test("all is not well where the server does not answer", () => {
    const [first] = concernsOf({ ...calm, isAway: true });

    assert.equal(first?.level, "bad");
    assert.match(first?.words ?? "", /server does not answer/);
});

test("what is worst comes first, and says where to look", () => {
    const breaker = { name: "payment", state: "OPEN", calls: 9, failed: 9, slow: 0, refused: 3, opened: 1, retry_after_ms: 500 };
    const concerns = concernsOf({
        ...calm,
        unsettled: [{ status: "RESERVED", count: 2, oldestSeconds: 125 }, { status: "PARKED", count: 3 }],
        breakers: [breaker], row: { good: 90, refused: 0, failed: 10 }, logShare: 0.9, deadLetters: 1,
    });

    assert.deepEqual(concerns.map((one) => one.level), ["bad", "bad", "bad", "bad", "warn", "warn"]);
    assert.deepEqual(concerns.map((one) => one.where), ["sagas", "dead-letters", "limits", "", "sagas", "limits"]);
    assert.match(concerns[3]!.words, /^10\.0 % of requests fail/);
    assert.match(concerns[4]!.words, /oldest RESERVED order has waited 2 min 5 s/);
});

test("unsettled orders are the engine's figures, else counted as far as they were listed", () => {
    const page = parsePage('aurora_saga_orders{status="PARKED"} 7\naurora_saga_oldest_age_seconds{status="PARKED"} 12\n');
    const listed = unsettledOf(undefined, { items: [parked, parked], next_cursor: "more" }).find((one) => one.status === "PARKED");

    assert.deepEqual(unsettledOf(page, undefined), [{ status: "PARKED", count: 7, oldestSeconds: 12 }]);
    assert.deepEqual(listed, { status: "PARKED", count: 2, isLeast: true, oldestSeconds: 90 });
    assert.deepEqual(unsettledOf(undefined, undefined), []);
});
