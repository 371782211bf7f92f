// SPDX-License-Identifier: MIT
// Who the reader is: a bearer token for as long as the tab lives, or nobody, where a server is open.
import { computed, signal } from "@preact/signals";
import type { Problem } from "../api/problem";
import { ofTab } from "./kept";

const KEY = "aurora.token";

/** What a token says of itself. The server judges it; this is for people to read. */
export interface Claims {
    subject: string;
    scopes: string[];
    email: string;
    expiresAt: number | null;
}

export function readClaims(jwt: string): Claims | null {
    const part = jwt.split(".")[1];
    if (part === undefined)
        return null;
    try {
        const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
        const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
        const words = (value: unknown) => (typeof value === "string" ? value.split(" ").filter(Boolean) : []);
        return {
            subject: typeof claims["sub"] === "string" ? claims["sub"] : "",
            scopes: words(claims["scope"]),
            email: typeof claims["email"] === "string" ? claims["email"] : "",
            expiresAt: typeof claims["exp"] === "number" ? claims["exp"] * 1000 : null,
        };
    } catch {
        return null;
    }
}

/** "" = none. */
export const token = signal(ofTab.getItem(KEY) ?? "");
export const claims = computed(() => readClaims(token.value));
/** Whether the server asked who we are. */
export const isAsked = signal(false);
/** What a server said against the token that was sent; "" = nothing. */
export const refusal = signal("");

/** What is known against it: an open server lets everybody do everything, a token that cannot be read is the
 * server's to judge. */
function lacks(scope: string): boolean {
    if (token.value === "")
        return isAsked.value;
    return claims.value !== null && !claims.value.scopes.includes(scope);
}

export function may(scope: string): boolean {
    return !lacks(scope);
}

export function signIn(value: string): void {
    refusal.value = "";
    token.value = value.trim();
    ofTab.setItem(KEY, token.value);
}

export function signOut(): void {
    refusal.value = "";
    token.value = "";
    ofTab.removeItem(KEY);
}

/** Of each call that failed: a 401 is where sign-in begins, and ends a token that is good no more. */
export function noteChallenge(problem: Problem): void {
    if (problem.status !== 401)
        return;
    isAsked.value = true;
    if (token.value !== "") {
        signOut();
        refusal.value = problem.detail || problem.title;
    }
}
