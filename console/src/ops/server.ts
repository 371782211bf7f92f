// SPDX-License-Identifier: MIT
// Which server this is, one process or the gateway of many, and what its reader may do.
import { computed, signal } from "@preact/signals";
import { get, type Query } from "../api/client";
import { may, token } from "../shell/session";

export interface Server {
    readonly name: string;
    readonly version: string;
    readonly isGateway: boolean;
}

/** Behind a gateway each has figures and a log of its own. */
export const services = ["order", "inventory", "payment", "product", "search", "recommendation", "notification"] as const;

export const server = signal<Server | null>(null);

export async function readServer(abort?: AbortSignal): Promise<Server> {
    const index = await get<{ service: string | null; version: string }>("/", {}, abort);
    const name = index.service ?? "aurora";
    server.value = { name, version: index.version, isGateway: name.includes("gateway") };
    return server.value;
}

/** The parameter that names a service, which a server that is all of them does not know. */
export function ofService(name: string, query: Query = {}): Query {
    return server.value?.isGateway === true ? { ...query, service: name } : query;
}

export const mayAdministrate = computed(() => may("admin"));

/** Why something cannot be done, for people; undefined where it can. */
export function whyNot(scope: string): string | undefined {
    if (may(scope))
        return undefined;
    return token.value === "" ? `This needs a token with the scope ${scope}.` : `Your token does not have the scope ${scope}.`;
}
