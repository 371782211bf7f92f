// SPDX-License-Identifier: MIT
// Figures as an operator reads them: few digits, a unit, the same width from one poll to the next.

const MISSING = "–";

/** 1234567 as 1,234,567: a count is shown whole, so that it can be compared with the API's. */
export function count(value: number | null | undefined): string {
    if (value === undefined || value === null || Number.isNaN(value))
        return MISSING;
    return Math.round(value).toLocaleString("en-US");
}

/** Three significant digits: 0.12, 4.56, 78.9, 1,234. */
export function figure(value: number | null | undefined): string {
    if (value === undefined || value === null || Number.isNaN(value))
        return MISSING;
    const size = Math.abs(value);
    if (size === 0)
        return "0";
    if (size >= 99.95)
        return count(value);
    if (size >= 9.995)
        return value.toFixed(1);
    if (size >= 0.995)
        return value.toFixed(2);
    return size >= 0.001 ? String(Number(value.toPrecision(2))) : "<0.001";
}

export function perSecond(value: number | null | undefined): string {
    const text = figure(value);
    return text === MISSING ? text : `${text}/s`;
}

export function percent(share: number | null | undefined): string {
    if (share === undefined || share === null || Number.isNaN(share))
        return MISSING;
    const value = share * 100;
    if (value === 0)
        return "0 %";
    return value < 0.01 ? "<0.01 %" : `${figure(value)} %`;
}

/** A time as short as it may be: 340 µs, 4.56 ms, 1.20 s, 2 min 5 s, 3 h 12 min, 4 d 1 h. */
export function duration(seconds: number | null | undefined): string {
    if (seconds === undefined || seconds === null || Number.isNaN(seconds))
        return MISSING;
    const size = Math.max(0, seconds);
    if (size === 0)
        return "0 s";
    if (size < 0.000_999_5)
        return `${Math.max(1, Math.round(size * 1e6))} µs`;
    if (size < 0.999_5)
        return `${figure(size * 1e3)} ms`;
    if (size < 59.95)
        return `${figure(size)} s`;
    return longDuration(Math.round(size));
}

/** A time that grows while it is read: whole seconds. */
export function age(seconds: number | null | undefined): string {
    if (seconds === undefined || seconds === null || Number.isNaN(seconds))
        return MISSING;
    return longDuration(Math.max(0, Math.round(seconds)));
}

function longDuration(seconds: number): string {
    const units: [string, number][] = [
        ["d", 86400],
        ["h", 3600],
        ["min", 60],
        ["s", 1],
    ];
    const first = units.findIndex(([, size]) => seconds >= size || size === 1);
    const [name, size] = units[first]!;
    const whole = `${Math.floor(seconds / size)} ${name}`;
    const next = units[first + 1];
    const rest = next === undefined ? 0 : Math.floor((seconds % size) / next[1]);
    return rest === 0 ? whole : `${whole} ${rest} ${next![0]}`;
}

export function bytes(value: number | null | undefined): string {
    if (value === undefined || value === null || Number.isNaN(value))
        return MISSING;
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let size = value;
    let unit = 0;
    while (size >= 1024 && unit < units.length - 1) {
        size /= 1024;
        unit++;
    }
    return unit === 0 ? `${count(size)} B` : `${figure(size)} ${units[unit]}`;
}

/** The time of day in UTC, which is what logs and other operators say. */
export function clock(time: string | null | undefined, withMilliseconds = true): string {
    if (time === null || time === undefined)
        return MISSING;
    return time.slice(11, withMilliseconds ? 23 : 19);
}

export function dayAndClock(time: string | null | undefined): string {
    if (time === null || time === undefined)
        return MISSING;
    return `${time.slice(0, 10)} ${time.slice(11, 19)}`;
}

export function shortId(id: string): string {
    return id.length > 13 ? `…${id.slice(-12)}` : id;
}

export function plural(count: number, one: string, many = `${one}s`): string {
    return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}
