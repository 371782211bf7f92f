// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Transition } from "../src/api/types";
import { layoutOf } from "../src/saga/layout";
import { sagaOf } from "../src/saga/steps";

function step(version: number, status: Transition["status"], outcome: Transition["outcome"], event: string | null): Transition {
    return { version, status, outcome, event, reason: null, at: "2026-01-05T10:00:00Z", settled_at: null, actor: null, note: null };
}

const DECLINED = [step(1, "PENDING", null, null), step(2, "RESERVED", null, "inventory.reserved"),
    step(3, "FAILED", "FAILED", "payment.declined")];

test("what is undone stands below what did it", () => {
    const { nodes } = layoutOf(sagaOf(DECLINED), false);

    const forward = nodes.find((node) => node.step.name === "stock" && !node.isUndo);
    const undo = nodes.find((node) => node.step.name === "stock" && node.isUndo);

    assert.ok(forward !== undefined && undo !== undefined);
    assert.equal(undo.x, forward.x);
    assert.ok(undo.y > forward.y);
});

test("no two steps stand at one place, and all stand inside", () => {
    for (const isNarrow of [false, true]) {
        const { nodes, width, height } = layoutOf(sagaOf(DECLINED), isNarrow);

        assert.equal(new Set(nodes.map((node) => `${node.x} ${node.y}`)).size, nodes.length);
        assert.ok(nodes.every((node) => node.x < width && node.y < height));
    }
});

test("a narrow picture leaves out what will never come", () => {
    assert.ok(layoutOf(sagaOf(DECLINED), true).nodes.every((node) => node.step.state !== "skipped"));
});
