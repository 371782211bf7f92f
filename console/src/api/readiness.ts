// SPDX-License-Identifier: MIT
// What /readyz says, which anybody may ask.
import { call } from "./client";
import { Problem } from "./problem";

export interface Readiness {
    readonly status: string;
    readonly checks: readonly { readonly name: string; readonly status: string; readonly detail: string }[];
}

/** A server that is not ready says why in the same body, with status 503; a proxy's 503 is another. */
export async function readReadiness(signal: AbortSignal): Promise<Readiness> {
    const { status, value } = await call<Partial<Readiness> & { title?: string } | null>("GET", "/readyz", { signal, goodStatuses: [503] });
    if (!Array.isArray(value?.checks))
        throw new Problem(status, "unavailable", value?.title ?? "The server is not available", "");
    return { status: value.status ?? "", checks: value.checks };
}
