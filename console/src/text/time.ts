// SPDX-License-Identifier: MIT
// Times and lengths of time for people.

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** "14:02:31", of the reader's zone. */
export function clock(time: string): string {
    return CLOCK.format(new Date(time));
}

/** "29 Nov 2026, 14:02:31". */
export function moment(time: string): string {
    return `${DAY.format(new Date(time))}, ${clock(time)}`;
}

/** "35 ms", "1.2 s", "4 min 5 s", "3 h 2 min", "2 d 4 h". */
export function span(ms: number): string {
    if (ms < 1000)
        return `${Math.max(0, Math.round(ms))} ms`;
    if (ms < 60_000)
        return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
    const seconds = Math.round(ms / 1000);
    const pairs: [number, string, number, string][] = [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]];
    for (const [large, largeName, small, smallName] of pairs) {
        if (seconds >= large) {
            const rest = Math.floor((seconds % large) / small);
            return `${Math.floor(seconds / large)} ${largeName}` + (rest > 0 ? ` ${rest} ${smallName}` : "");
        }
    }
    return `${seconds} s`;
}
