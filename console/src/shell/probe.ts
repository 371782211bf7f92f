// SPDX-License-Identifier: MIT
// Whether the server asks who somebody is: found out by a call that everybody may make of an open one.
import { get } from "../api/client";

/** A 401 notes itself (session.ts); any other answer changes nothing. */
export async function probe(): Promise<void> {
    try {
        await get("/orders", { limit: 1 });
    } catch {
        // A view that needs something says what it lacks.
    }
}
