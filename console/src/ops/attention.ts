// SPDX-License-Identifier: MIT
// What an operator should look at, the worst first, out of what the overview knows anyway.
import { age, figure, percent, plural } from "./format";
import type { Lag, Row } from "./figures";
import { summarize } from "./ring";
import type { Page } from "./prometheus";
import type { Readiness } from "../api/readiness";
import type { Breaker, Page as List, Saga } from "./types";

export interface Concern {
    readonly level: "bad" | "warn";
    readonly words: string;
    readonly where: string; // a place in the operations view
}

export interface Unsettled {
    readonly status: string;
    readonly count: number;
    readonly isLeast?: boolean; // there are more than were counted
    readonly oldestSeconds?: number | undefined;
}

export interface Health {
    readonly isAway?: boolean; // it does not answer: all the rest is as old as its last answer
    readonly ready?: Readiness | undefined;
    readonly unsettled: readonly Unsettled[];
    readonly deadLetters?: number | undefined;
    readonly breakers: readonly Breaker[];
    readonly row: Row;
    readonly logShare?: number | undefined; // of the room that the log has
    readonly lags: readonly Lag[];
}

const STUCK_S = 60;
const FAILED_SHARE = 0.01;
const LAG_S = 30;
const LOG_SHARE = 0.8;
const LAG_EVENTS = 10_000;

const unsettledStatuses = ["PENDING", "RESERVED", "COMPLETED", "FAILED", "CANCELLED", "PARKED"];

/** By state; a status that has settled orders too (COMPLETED) counts those that still wait for
 * stock or money. */
export function unsettledOf(page: Page | undefined, sagas: List<Saga> | undefined): Unsettled[] {
    if (page?.has("aurora_saga_orders") === true)
        return page.all("aurora_saga_orders").map(({ labels, value }) => ({
            status: labels["status"] ?? "",
            count: value,
            oldestSeconds: value > 0 ? page.value("aurora_saga_oldest_age_seconds", { status: labels["status"] ?? "" }) : undefined,
        }));
    if (sagas === undefined)
        return [];
    return unsettledStatuses.map((status) => {
        const those = sagas.items.filter((saga) => saga.status === status);
        const { max } = summarize(those.map((saga) => saga.age_ms / 1000));
        return { status, count: those.length, isLeast: sagas.next_cursor !== null && those.length > 0, oldestSeconds: max };
    });
}

export function concernsOf(health: Health): Concern[] {
    const concerns = [
        ...ofAbsence(health.isAway === true),
        ...ofReadiness(health.ready),
        ...ofSagas(health),
        ...ofBreakers(health.breakers),
        ...ofErrors(health.row),
        ...ofLags(health.lags),
        ...ofLog(health.logShare ?? 0),
    ].filter((one, i, all) => all.findIndex((other) => other.words === one.words) === i); // services may share a dependency
    return [...concerns.filter((one) => one.level === "bad"), ...concerns.filter((one) => one.level === "warn")];
}

function ofAbsence(isAway: boolean): Concern[] {
    return isAway ? [{ level: "bad", words: "the server does not answer; what stands below is what it said last", where: "" }] : [];
}

function ofReadiness(ready: Readiness | undefined): Concern[] {
    return (ready?.checks ?? [])
        .filter((check) => check.status !== "ok")
        .map((check) => ({
            level: check.status === "failed" ? "bad" : "warn",
            words: `${check.name} is ${check.status}${check.detail === "" ? "" : `: ${check.detail}`}`,
            where: "readiness",
        }));
}

function ofSagas({ unsettled, deadLetters }: Health): Concern[] {
    const concerns: Concern[] = [];
    const parked = unsettled.find((one) => one.status === "PARKED");
    if (parked !== undefined && parked.count > 0) {
        const least = parked.isLeast === true ? "at least " : "";
        concerns.push({ level: "bad", words: `${least}${plural(parked.count, "order waits", "orders wait")} for an operator`, where: "sagas" });
    }
    if ((deadLetters ?? 0) > 0)
        concerns.push({ level: "bad", words: `${plural(deadLetters!, "key is", "keys are")} parked behind an event that could not be taken`, where: "dead-letters" });
    for (const { status, oldestSeconds } of unsettled) {
        if (status !== "PARKED" && (oldestSeconds ?? 0) > STUCK_S)
            concerns.push({ level: "warn", words: `the oldest ${status} order has waited ${age(oldestSeconds)}`, where: "sagas" });
    }
    return concerns;
}

function ofBreakers(breakers: readonly Breaker[]): Concern[] {
    return breakers
        .filter((breaker) => breaker.state !== "CLOSED")
        .map((breaker) => ({
            level: breaker.state === "OPEN" ? "bad" : "warn",
            words: `calls to ${breaker.name} are ${breaker.state === "OPEN" ? "held back" : "being tried again"}: its breaker is ${stateWord(breaker.state)}`,
            where: "limits",
        }));
}

export function stateWord(state: string): string {
    return state.toLowerCase().replace(/[_-]/g, " ");
}

export function failedShare(row: Row): number | undefined {
    const total = (row.good ?? 0) + (row.refused ?? 0) + (row.failed ?? 0);
    return row.failed === undefined || total === 0 ? undefined : row.failed / total;
}

function ofErrors(row: Row): Concern[] {
    const share = failedShare(row) ?? 0;
    if (share <= FAILED_SHARE)
        return [];
    return [{ level: "bad", words: `${percent(share)} of requests fail (${figure(row.failed)} a second)`, where: "" }];
}

/** A log that is full takes no orders. */
function ofLog(share: number): Concern[] {
    if (share < LOG_SHARE)
        return [];
    return [{ level: share < 0.95 ? "warn" : "bad", words: `the log is ${percent(share)} full; when it is full no orders are taken`, where: "limits" }];
}

function ofLags(lags: readonly Lag[]): Concern[] {
    return lags
        .filter((lag) => (lag.seconds ?? 0) > LAG_S || (lag.events ?? 0) > LAG_EVENTS)
        .map((lag) => ({
            level: "warn",
            words: `${lag.service} ${lag.name} is ${plural(lag.events ?? 0, "event")} behind`,
            where: "",
        }));
}
