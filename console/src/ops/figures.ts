// SPDX-License-Identifier: MIT
// What the overview shows, out of scrapes: rates since an earlier one, and gauges of the newest.
import { Page } from "./prometheus";
import { type Bucket, bucketsBetween, increaseSum, increasesBy, type Keep, quantile } from "./rates";
import type { Stats, StatsSample } from "./types";

export interface Scrape {
    readonly at: number; // ms of this machine's clock
    /** /metrics of the server that was asked; undefined where it has another address. */
    readonly http?: Page;
    /** What the engine counts: /metrics of one process, /admin/stats of the order service else. */
    readonly engine?: Page;
}

/** The counters and gauges of /admin/stats, as if they had been on a page. */
export function pageOfStats(samples: readonly StatsSample[]): Page {
    const page = new Page();
    for (const { name, labels, value } of samples)
        page.add(name, { labels, value });
    return page;
}

const watching = /^\/(metrics|livez|readyz|openapi\.json|admin(\/.*)?|console(\/.*)?)?$/;

/** What customers and their programs ask, not who watches. */
export const isTraffic: Keep = (labels) => !watching.test(labels["route"] ?? "");

/** A stream takes as long as its reader stays: that is no time to wait for an answer. */
export const isTimed: Keep = (labels) => isTraffic(labels) && labels["route"] !== "/orders/{id}/events";

const REQUESTS = "aurora_http_requests_total";
const DURATIONS = "aurora_http_request_duration_seconds";

export const rowNames = [
    "good", "refused", "failed", // answers a second: below 400, 4xx, 5xx
    "p50", "p95", "p99", // seconds
    "created", "completed", "lost", // orders a second; lost: FAILED and CANCELLED
    "cpu", // cores
    "resident", // bytes
    "queue", // commands
] as const;

/** What is not known is missing. */
export type Row = Readonly<Partial<Record<(typeof rowNames)[number], number | undefined>>>;

/** Rates over the time between two scrapes, gauges of the later one. */
export function rowBetween(before: Scrape, after: Scrape): Row {
    const seconds = (after.at - before.at) / 1000;
    if (!(seconds > 0))
        return {};
    return { ...httpRow(before, after, seconds), ...engineRow(before, after, seconds) };
}

function httpRow(before: Scrape, after: Scrape, seconds: number): Row {
    if (before.http === undefined || after.http === undefined)
        return {};
    const of = (from: number, to: number) => classRate(before.http!, after.http!, from, to, seconds);
    const buckets = bucketsBetween(before.http, after.http, DURATIONS, isTimed);
    return {
        good: of(0, 399),
        refused: of(400, 499),
        failed: of(500, 999),
        p50: quantile(0.5, buckets),
        p95: quantile(0.95, buckets),
        p99: quantile(0.99, buckets),
        cpu: rate(increaseSum(before.http, after.http, "process_cpu_seconds_total"), seconds),
        resident: after.http.value("process_resident_memory_bytes"),
    };
}

function classRate(before: Page, after: Page, from: number, to: number, seconds: number): number | undefined {
    const keep: Keep = (labels) => isTraffic(labels) && isBetween(labels["status"], from, to);
    return rate(increaseSum(before, after, REQUESTS, keep), seconds);
}

/** A status that the server has no counter of its own for is "other", and a failure. */
function isBetween(status: string | undefined, from: number, to: number): boolean {
    const value = status === "other" ? 999 : Number(status);
    return value >= from && value <= to;
}

function engineRow(before: Scrape, after: Scrape, seconds: number): Row {
    if (before.engine === undefined || after.engine === undefined)
        return {};
    const reached = increasesBy(before.engine, after.engine, "aurora_orders_total", "status");
    const of = (...statuses: string[]) =>
        after.engine!.has("aurora_orders_total") ? statuses.reduce((sum, one) => sum + (reached.get(one) ?? 0), 0) / seconds : undefined;
    return {
        created: rate(increaseSum(before.engine, after.engine, "aurora_orders_created_total"), seconds),
        completed: of("COMPLETED"),
        lost: of("FAILED", "CANCELLED"),
        queue: after.engine.value("aurora_queue_length"),
    };
}

function rate(increase: number | undefined, seconds: number): number | undefined {
    return increase === undefined ? undefined : increase / seconds;
}

/* --- by route ---------------------------------------------------------------------------------- */

export interface RouteRow {
    readonly method: string;
    readonly route: string;
    readonly perSecond: number;
    readonly failedShare: number; // 5xx
    readonly refusedShare: number; // 4xx
    readonly p50?: number | undefined;
    readonly p95?: number | undefined;
    readonly p99?: number | undefined;
}

/** Routes that were asked between two scrapes, the most asked first. */
export function routesBetween(before: Scrape, after: Scrape): RouteRow[] {
    const { http: old } = before;
    const { http } = after;
    const seconds = (after.at - before.at) / 1000;
    if (old === undefined || http === undefined || !(seconds > 0))
        return [];
    const seen = new Map<string, { method: string; route: string }>();
    for (const { labels } of http.all(REQUESTS))
        seen.set(`${labels["method"]} ${labels["route"]}`, { method: labels["method"] ?? "", route: labels["route"] ?? "" });
    return [...seen.values()]
        .map((place) => routeRow(place, old, http, seconds))
        .filter((row) => row.perSecond > 0)
        .sort((a, b) => b.perSecond - a.perSecond);
}

function routeRow(place: { method: string; route: string }, old: Page, page: Page, seconds: number): RouteRow {
    const isOfIt: Keep = (labels) => labels["route"] === place.route && labels["method"] === place.method;
    const by = increasesBy(old, page, REQUESTS, "status", isOfIt);
    const sum = (from: number, to: number) =>
        [...by].reduce((all, [status, count]) => (isBetween(status, from, to) ? all + count : all), 0);
    const total = sum(0, 999);
    const buckets: Bucket[] = bucketsBetween(old, page, DURATIONS, isOfIt);
    return {
        ...place,
        perSecond: total / seconds,
        failedShare: total === 0 ? 0 : sum(500, 999) / total,
        refusedShare: total === 0 ? 0 : sum(400, 499) / total,
        p50: quantile(0.5, buckets),
        p95: quantile(0.95, buckets),
        p99: quantile(0.99, buckets),
    };
}

/* --- lags -------------------------------------------------------------------------------------- */

export interface Lag {
    readonly service: string;
    readonly name: string;
    readonly kind: string;
    readonly events?: number | undefined;
    readonly seconds?: number | undefined;
}

/** Who is how far behind, in one service. */
export function lagsOf(service: string, stats: Stats, page: Page): Lag[] {
    const lags: Lag[] = [];
    const relay = page.value("aurora_relay_lag") ?? stats.drain?.relay_lag;
    if (page.has("aurora_relay_lag") || (relay ?? 0) > 0)
        lags.push({ service, name: "outbox", kind: "relay to the bus", events: relay, seconds: page.value("aurora_relay_lag_seconds") });
    for (const { labels, value } of page.all("aurora_inbound_lag"))
        lags.push({
            service, name: labels["topic"] === undefined ? "inbox" : `${labels["topic"]} ${labels["partition"] ?? ""}`, kind: "read from the bus", events: value,
            seconds: page.value("aurora_inbound_lag_seconds", labels),
        });
    for (const consumer of stats.consumers ?? []) {
        if (!consumer.is_gone && consumer.kind !== "relay")
            lags.push({
                service, name: consumer.name, kind: consumer.kind, events: consumer.lag,
                seconds: page.value("aurora_follower_lag_seconds", { follower: consumer.name }),
            });
    }
    return lags;
}
