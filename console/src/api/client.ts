// SPDX-License-Identifier: MIT
// One call of the HTTP API: same origin, the session's token, problems as exceptions.
import { noteChallenge, token } from "../shell/session";
import { isAbort, readProblem, unreachable, unreadable } from "./problem";

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface CallOptions {
    query?: Query;
    body?: unknown;
    headers?: Record<string, string>;
    signal?: AbortSignal | undefined;
    /** Statuses above 399 whose bodies are what was asked for. */
    goodStatuses?: readonly number[];
}

export interface Answer<T> {
    status: number;
    headers: Headers;
    /** null where there is no body. */
    value: T;
}

/** What stands above /console/, also behind a proxy that serves it under a path of its own. */
export function apiUrl(path: string, query: Query = {}): string {
    const url = new URL(path.replace(/^\//, ""), new URL("../", document.baseURI));
    for (const [name, value] of Object.entries(query)) {
        if (value !== undefined && value !== null && value !== "")
            url.searchParams.set(name, String(value));
    }
    return url.href;
}

export function authorization(): Record<string, string> {
    return token.value === "" ? {} : { Authorization: `Bearer ${token.value}` };
}

async function send(method: string, path: string, options: CallOptions): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json", ...authorization(), ...options.headers };
    const init: RequestInit = { method, headers, cache: "no-cache", signal: options.signal ?? null };
    if (method !== "GET") {
        headers["Content-Type"] = "application/json"; // asked also where there is no body
        init.body = options.body === undefined ? null : JSON.stringify(options.body);
    }
    try {
        return await fetch(apiUrl(path, options.query), init);
    } catch (thrown) {
        throw isAbort(thrown) ? thrown : unreachable(thrown);
    }
}

/** A connection may be cut within an answer. */
async function textOf(response: Response): Promise<string> {
    try {
        return await response.text();
    } catch (thrown) {
        throw isAbort(thrown) ? thrown : unreachable(thrown);
    }
}

function valueOf(body: string): unknown {
    try {
        return body === "" ? null : JSON.parse(body);
    } catch {
        throw unreadable();
    }
}

/** Throws a Problem for every answer above 399 and for none at all. */
export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<Answer<T>> {
    const response = await send(method, path, options);
    const body = await textOf(response);
    if (!response.ok && options.goodStatuses?.includes(response.status) !== true) {
        const problem = readProblem(response.status, response.headers, body);
        noteChallenge(problem);
        throw problem;
    }
    return { status: response.status, headers: response.headers, value: valueOf(body) as T };
}

export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
    return (await call<T>("GET", path, { query: query ?? {}, signal })).value;
}

export async function post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    return (await call<T>("POST", path, { body, headers: headers ?? {} })).value;
}

/** A text as one segment of a path. */
export function segment(value: string): string {
    return encodeURIComponent(value);
}
