// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";

import { canCompensate, explainCompensate, explainRetry, isBeingRetried, marksOf, paymentMarks } from "../src/ops/repair";
import type { Participant, Saga } from "../src/ops/types";

const participant: Participant = {
    participant: "payment", state: "AUTHORIZING", parked: true, parked_reason: "no outcome after all attempts",
    attempts: 1, task_id: "t", provider_reference: null, first_attempt_at: null, next_attempt_at: null, parked_at: null,
};
const saga: Saga = {
    order_id: "o", status: "PARKED", outcome: null, reason: null, parked: true, version: 3, age_ms: 1,
    created_at: "2026-11-29T02:50:57.617000Z", deadline_at: null, resend_at: null, participants: [participant],
};

/** A file of the project, from wherever the tests are run. */
function above(path: string): string {
    let folder = process.cwd();
    while (!existsSync(join(folder, path)) && dirname(folder) !== folder)
        folder = dirname(folder);
    return join(folder, path);
}

test("marks are those of the state machine", () => {
    const page = readFileSync(above("docs/state-machines.md"), "utf8");
    const machine = page.slice(page.indexOf("## Payment"));
    const found: Record<string, string[]> = {};
    for (const [, state, , causes] of machine.matchAll(/^ {4}([A-Z]+) --> ([A-Z]+): (.+)$/gm)) {
        for (const cause of causes!.split(", ")) {
            if (cause.startsWith("marked ")) (found[state!] ??= []).push(cause.slice(7));
        }
    }
    const sorted = (marks: Readonly<Record<string, readonly string[]>>) =>
        Object.entries(marks).map(([state, results]) => [state, [...results].sort()]).sort();

    assert.ok(Object.keys(found).length > 5, "the page has another form");
    assert.deepEqual(sorted(paymentMarks), sorted(found));
});

test("a state that is new to the console can be marked whatever the server knows", () => {
    assert.equal(marksOf({ ...participant, state: "NEWER" }).length, 5);
    assert.deepEqual(marksOf({ ...participant, participant: "inventory", state: "RESERVED" })[0], "reserved");
});

test("compensating says what becomes of the order, and when it cannot", () => {
    assert.match(explainCompensate(saga), /becomes FAILED/);
    assert.match(explainCompensate({ ...saga, outcome: "COMPLETED" }), /becomes CANCELLED/);
    assert.match(explainCompensate({ ...saga, outcome: "FAILED" }), /will refuse/);
    assert.equal(canCompensate(saga), true);
    assert.equal(canCompensate({ ...saga, status: "CANCELLED" }), false);
});

test("a retry says what is asked of whom, and is seen while it is under way", () => {
    assert.match(explainRetry(participant), /hold the money/);
    assert.match(explainRetry({ ...participant, participant: "inventory" }), /events/);
    assert.equal(isBeingRetried(participant), false);
    assert.equal(isBeingRetried({ ...participant, next_attempt_at: "2026-11-29T02:50:57.617000Z" }), true);
});
