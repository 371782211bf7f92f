// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { keeping, type Store } from "../src/shell/kept";
import { attemptKey, endAttempt } from "../src/shop/attempt";

function full(): Store {
    return {
        getItem: () => "old",
        setItem: () => {
            throw new Error("QuotaExceededError");
        },
        removeItem: () => undefined,
    };
}

test("where a browser blocks its storage the page remembers by itself", () => {
    const kept = keeping(() => {
        throw new Error("SecurityError");
    });

    kept.setItem("a", "1");

    assert.equal(kept.getItem("a"), "1");
    kept.removeItem("a");
    assert.equal(kept.getItem("a"), null);
});

test("what no longer fits into a full storage is newer than what is there", () => {
    const kept = keeping(full);

    kept.setItem("a", "new");

    assert.equal(kept.getItem("a"), "new");
    assert.equal(kept.getItem("b"), "old");
});

test("a checkout has one key also where nothing can be stored", () => {
    const kept = keeping(() => {
        throw new Error("SecurityError");
    });

    const key = attemptKey(kept, 0);

    assert.equal(attemptKey(kept, 1), key);
    endAttempt(kept);
    assert.notEqual(attemptKey(kept, 2), key);
});
