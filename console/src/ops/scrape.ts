// SPDX-License-Identifier: MIT
// One look at the server: its metrics page, and the figures that operators may read.
import { apiUrl, authorization, get } from "../api/client";
import { asProblem, isAbort, type Problem, readProblem, unreachable } from "../api/problem";
import { pageOfStats, type Scrape } from "./figures";
import { type Page, parsePage } from "./prometheus";
import { mayAdministrate, ofService, server } from "./server";
import type { Page as List, Saga, Stats } from "./types";

export interface Look {
    readonly scrape: Scrape;
    readonly stats?: Stats; // of the process, or of the order service
    readonly sagas?: List<Saga>; // where the engine has no figure of them
    readonly metricsProblem: Problem | null;
    readonly statsProblem: Problem | null;
}

const SAGAS = 200;

async function readMetrics(abort: AbortSignal): Promise<Page> {
    let response: Response;
    try {
        response = await fetch(apiUrl("/metrics"), { headers: authorization(), cache: "no-store", signal: abort });
    } catch (thrown) {
        throw isAbort(thrown) ? thrown : unreachable(thrown);
    }
    const text = await response.text();
    if (!response.ok)
        throw readProblem(response.status, response.headers, text);
    return parsePage(text);
}

export async function look(abort: AbortSignal): Promise<Look> {
    const [metrics, stats] = await Promise.allSettled([
        readMetrics(abort),
        mayAdministrate.value ? get<Stats>("/admin/stats", ofService("order"), abort) : Promise.resolve(undefined),
    ]);
    const http = metrics.status === "fulfilled" ? metrics.value : undefined;
    const figures = stats.status === "fulfilled" ? stats.value : undefined;
    if (metrics.status === "rejected" && figures === undefined)
        throw metrics.reason;
    const engine = server.value?.isGateway !== true && http !== undefined ? http : figures && pageOfStats(figures.metrics ?? []);
    const sagas = await readSagas(engine, abort);
    return {
        scrape: { at: Date.now(), ...(http && { http }), ...(engine && { engine }) },
        ...(figures && { stats: figures }),
        ...(sagas && { sagas }),
        metricsProblem: metrics.status === "rejected" ? asProblem(metrics.reason) : null,
        statsProblem: stats.status === "rejected" ? asProblem(stats.reason) : null,
    };
}

async function readSagas(engine: Page | undefined, abort: AbortSignal): Promise<List<Saga> | undefined> {
    if (engine?.has("aurora_saga_orders") === true || !mayAdministrate.value)
        return undefined;
    return get<List<Saga>>("/admin/sagas", { limit: SAGAS }, abort).catch(() => undefined);
}
