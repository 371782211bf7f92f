// SPDX-License-Identifier: MIT
// Whose tokens a checkout takes: the simulated bank's, or those of a provider that is a server of its own.
import { get } from "../api/client";
import { readReadiness } from "../api/readiness";
import { useLoad } from "../shell/load";
import { may } from "../shell/session";

/** "" = this reader may not know: behind a gateway that takes the scope admin. */
export type Bank = "simulated" | "real" | "";

interface Breakers {
    breakers: { name: string }[];
}

/** A provider that is called has a breaker, which the server's readiness and limits name. */
async function readBank(signal: AbortSignal): Promise<Bank> {
    const index = await get<{ service: string | null }>("/", {}, signal);
    if (index.service !== "aurora-gateway") {
        const { checks } = await readReadiness(signal);
        return checks.some((check) => check.name === "payment calls") ? "real" : "simulated";
    }
    if (!may("admin"))
        return "";
    const limits = await get<Breakers>("/admin/limits", { service: "payment" }, signal);
    return limits.breakers.some((breaker) => breaker.name === "payment") ? "real" : "simulated";
}

export function useBank(): Bank {
    return useLoad(readBank, []).value ?? "";
}
