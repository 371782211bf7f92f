// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import test from "node:test";

import { marksOf } from "../src/ops/repair";
import { completed, toldOf } from "../src/ops/told";
import type { Saga, Transition } from "../src/ops/types";

const saga: Saga = {
    order_id: "o", status: "PARKED", outcome: null, reason: null, parked: true, version: 3, age_ms: 1,
    created_at: "2026-11-29T02:50:57.000000Z", deadline_at: null, resend_at: null,
    participants: [{
        participant: "payment", state: null, parked: true, parked_reason: null, attempts: 0, task_id: null,
        provider_reference: null, first_attempt_at: null, next_attempt_at: null, parked_at: null,
    }],
};

function history(...steps: [string | null, Transition["outcome"]][]): Transition[] {
    return steps.map(([event, outcome], i) => ({
        version: i + 1, status: "PENDING", outcome, reason: null, event, at: `2026-11-29T02:50:5${i}.000000Z`, settled_at: null, actor: null, note: null,
    }));
}

const states = (steps: Transition[]) => toldOf(saga, steps, []).map((one) => one.state);

test("stock and payment are where they said that they are", () => {
    const reserved = ["inventory.reserved", null] as const;
    const paid = ["payment.authorized", "COMPLETED"] as const;

    assert.deepEqual(states(history([null, null])), [null, null]);
    assert.deepEqual(states(history([null, null], [...reserved], ["payment.parked", null])), ["RESERVED", "AUTHORIZING"]);
    assert.deepEqual(states(history([null, null], [...reserved], [...paid])), ["RESERVED", "CAPTURING"]);
    assert.deepEqual(states(history([null, null], [...reserved], [...paid], ["inventory.committed", "COMPLETED"])), ["COMMITTED", "CAPTURING"]);
    assert.deepEqual(states(history([null, null], [...reserved], [...paid], ["payment.captured", "COMPLETED"], [null, "CANCELLED"])), ["RESERVED", "REFUNDING"]);
    assert.deepEqual(states(history([null, null], [...reserved], [null, "FAILED"])), ["RESERVED", "ABORTING"]);
    assert.deepEqual(states(history([null, null], ["inventory.rejected", "FAILED"])), ["REJECTED", null]);
});

test("a payment of another service is marked only what fits its step", () => {
    const told = toldOf(saga, history([null, null], ["inventory.reserved", null], ["payment.parked", null]), []);

    const payment = completed(saga, told).participants.find((one) => one.participant === "payment");

    assert.deepEqual(marksOf(payment!), ["authorized", "declined"]);
    assert.equal(payment!.parked_at, "2026-11-29T02:50:52.000000Z");
});
