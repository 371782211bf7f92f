// SPDX-License-Identifier: MIT
// What a call says that did not do what it was asked: a problem document (RFC 9457), or no answer.

export interface Blame {
    /** A JSON pointer, a parameter or a header field; "" = none is named. */
    place: string;
    detail: string;
}

export class Problem extends Error {
    constructor(
        /** 0 = there was no answer. */
        readonly status: number,
        readonly code: string,
        readonly title: string,
        readonly detail: string,
        readonly traceId = "",
        readonly blames: Blame[] = [],
        /** The scope that a 403 says is missing; "" = none. */
        readonly scope = "",
        readonly retryAfterMs = 0,
    ) {
        super(detail || title);
    }

    /** Whether the same call may work later. */
    get isPassing(): boolean {
        return [0, 408, 429, 502, 503, 504].includes(this.status);
    }
}

function text(value: unknown): string {
    return typeof value === "string" ? value : "";
}

function readBlames(value: unknown): Blame[] {
    if (!Array.isArray(value))
        return [];
    return value.map((item: Record<string, unknown>) => ({
        place: text(item["pointer"]) || text(item["parameter"]) || text(item["header"]),
        detail: text(item["detail"]),
    }));
}

/** The scope in `Bearer ..., error="insufficient_scope", scope="orders:write"`. */
export function missingScope(challenge: string | null): string {
    return /\bscope="([^"]*)"/.exec(challenge ?? "")?.[1] ?? "";
}

/** From an answer's status, fields and body, which may be anything. */
export function readProblem(status: number, headers: Headers, body: string): Problem {
    let parsed: Record<string, unknown> = {};
    try {
        parsed = JSON.parse(body) as Record<string, unknown>;
    } catch {
        // A proxy's own page: the status has to do.
    }
    const seconds = Number(headers.get("Retry-After"));
    return new Problem(status, text(parsed["code"]), text(parsed["title"]) || `Status ${status}`,
        text(parsed["detail"]), text(parsed["trace_id"]), readBlames(parsed["errors"]),
        status === 403 ? missingScope(headers.get("WWW-Authenticate")) : "",
        Number.isFinite(seconds) ? seconds * 1000 : 0);
}

export function unreachable(cause: unknown): Problem {
    return new Problem(0, "unreachable", "The server cannot be reached",
        cause instanceof Error && cause.message ? `The browser says: ${cause.message}.` : "");
}

/** An answer that is none of the API's. It may have been the server's all the same, which then did what it was asked. */
export function unreadable(): Problem {
    return new Problem(0, "unreadable", "The answer cannot be read",
        "Something between this page and the server may have answered instead of it.");
}

/** Whatever was thrown, as a problem that can be shown. */
export function asProblem(thrown: unknown): Problem {
    if (thrown instanceof Problem)
        return thrown;
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    return new Problem(0, "console", "The console failed", said);
}

export function isAbort(thrown: unknown): boolean {
    return thrown instanceof DOMException && thrown.name === "AbortError";
}
