// SPDX-License-Identifier: MIT
// Server-sent events by fetch, since EventSource can send no token: the format (WHATWG HTML, 9.2.6), and a
// follower that comes back with Last-Event-ID, ever more slowly, until the server says that there is no more.
import { noteChallenge } from "../shell/session";
import { apiUrl, authorization } from "./client";
import { isAbort, Problem, readProblem, unreachable } from "./problem";

export interface ServerEvent {
    id: string;
    name: string;
    data: string;
}

/** Takes text as it comes, in pieces of any length; gives the events that are whole. */
export class EventParser {
    retryMs: number | null = null;
    private rest = "";
    private id = "";
    private name = "";
    private data: string[] = [];

    take(text: string): ServerEvent[] {
        const events: ServerEvent[] = [];
        this.rest += text;
        // A CR at the end may be half of a CR LF.
        const lines = this.rest.split(/\r\n|\n|\r(?!$)/);
        this.rest = lines.pop() ?? "";
        for (const line of lines) {
            const event = this.takeLine(line);
            if (event !== null)
                events.push(event);
        }
        return events;
    }

    private takeLine(line: string): ServerEvent | null {
        if (line === "")
            return this.end();
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "data")
            this.data.push(value);
        else if (field === "event")
            this.name = value;
        else if (field === "id" && !value.includes("\0"))
            this.id = value;
        else if (field === "retry" && /^\d+$/.test(value))
            this.retryMs = Number(value);
        return null;
    }

    private end(): ServerEvent | null {
        const event = { id: this.id, name: this.name || "message", data: this.data.join("\n") };
        const isEmpty = this.data.length === 0;
        this.data = [];
        this.name = "";
        return isEmpty ? null : event;
    }
}

export interface FollowOptions {
    signal: AbortSignal;
    onEvent: (event: ServerEvent) => void;
    /** Whether events come at this moment. */
    onLive: (isLive: boolean) => void;
}

const BACKOFF_MS_MIN = 500;
const BACKOFF_MS_MAX = 15_000;

/** Before try number `failures` + 1: doubled each time, and shaken so that readers do not come all at once. */
export function backoffMs(failures: number, leastMs: number, random: () => number): number {
    const whole = Math.min(BACKOFF_MS_MAX, Math.max(leastMs, BACKOFF_MS_MIN * 2 ** failures));
    return whole / 2 + (whole / 2) * random();
}

/** Resolves then, or as soon as the signal says so. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener("abort", () => {
            clearTimeout(timer);
            resolve();
        }, { once: true });
    });
}

async function open(path: string, lastId: string, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { Accept: "text/event-stream", ...authorization() };
    if (lastId !== "")
        headers["Last-Event-ID"] = lastId;
    const response = await fetch(apiUrl(path), { headers, signal, cache: "no-store" });
    if (response.ok)
        return response;
    const problem = readProblem(response.status, response.headers, await response.text());
    noteChallenge(problem);
    throw problem;
}

async function read(response: Response, parser: EventParser, take: (event: ServerEvent) => void): Promise<void> {
    if (response.body === null)
        return;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
        const { done, value } = await reader.read();
        if (done)
            return;
        parser.take(value).forEach(take);
    }
}

/** Ends when the server has no more to tell (204) or the signal says so; throws a problem that stays one. */
export async function follow(path: string, options: FollowOptions): Promise<void> {
    const { signal } = options;
    let lastId = "";
    let retryMs = 0;
    for (let failures = 0; !signal.aborted; failures++) {
        const parser = new EventParser();
        let leastMs = 0;
        try {
            const response = await open(path, lastId, signal);
            if (response.status === 204)
                return;
            options.onLive(true);
            await read(response, parser, (event) => {
                failures = -1;
                lastId = event.id;
                options.onEvent(event);
            });
        } catch (thrown) {
            if (isAbort(thrown) || signal.aborted)
                return;
            const problem = thrown instanceof Problem ? thrown : unreachable(thrown);
            if (!problem.isPassing)
                throw problem;
            leastMs = problem.retryAfterMs;
        } finally {
            retryMs = parser.retryMs ?? retryMs; // it stands also where the stream ended in peace
            options.onLive(false);
        }
        await pause(backoffMs(Math.max(0, failures), Math.max(retryMs, leastMs), Math.random), signal);
    }
}
