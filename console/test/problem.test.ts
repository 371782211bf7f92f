// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { missingScope, readProblem } from "../src/api/problem";
import { readClaims } from "../src/shell/session";

test("a problem document is read with the places that it blames", () => {
    const body = JSON.stringify({ title: "Bad Request", status: 400, code: "invalid_field", detail: "/lines must be there",
        trace_id: "4bf9", errors: [{ pointer: "/lines", detail: "must be there" }, { header: "Prefer", detail: "is odd" }] });

    const problem = readProblem(400, new Headers(), body);

    assert.equal(problem.code, "invalid_field");
    assert.equal(problem.traceId, "4bf9");
    assert.deepEqual(problem.blames, [{ place: "/lines", detail: "must be there" }, { place: "Prefer", detail: "is odd" }]);
    assert.equal(problem.isPassing, false);
});

test("a proxy's own page is a problem all the same", () => {
    const problem = readProblem(502, new Headers({ "Retry-After": "2" }), "<html>");

    assert.equal(problem.title, "Status 502");
    assert.equal(problem.isPassing, true);
    assert.equal(problem.retryAfterMs, 2000);
});

test("a 403 names the scope that is missing", () => {
    assert.equal(missingScope('Bearer realm="aurora", error="insufficient_scope", scope="orders:write"'), "orders:write");
    assert.equal(missingScope(null), "");
});

test("a token's claims are read, and what is none is no failure", () => {
    const payload = Buffer.from(JSON.stringify({ sub: "zoë", scope: "admin orders:read", exp: 2 })).toString("base64url");

    assert.deepEqual(readClaims(`x.${payload}.y`), { subject: "zoë", scopes: ["admin", "orders:read"], email: "", expiresAt: 2000 });
    assert.equal(readClaims("nonsense"), null);
    assert.equal(readClaims("a.%%%.b"), null);
});
