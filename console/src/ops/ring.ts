// SPDX-License-Identifier: MIT
// Samples of several series at the same times, the newest `capacity` of them: what a plot shows.
// Nothing grows while a page stays open for days.

export class Ring {
    private readonly times: Float64Array;
    private readonly columns: readonly Float64Array[];
    private start = 0;
    private used = 0;

    constructor(
        readonly names: readonly string[],
        readonly capacity: number,
    ) {
        this.times = new Float64Array(capacity);
        this.columns = names.map(() => new Float64Array(capacity));
    }

    get length(): number {
        return this.used;
    }

    /** Times must not fall. What is missing in `values` is a gap. */
    push(time: number, values: Readonly<Record<string, number | undefined>>): void {
        const at = (this.start + this.used) % this.capacity;
        this.times[at] = time;
        this.names.forEach((name, i) => {
            this.columns[i]![at] = values[name] ?? NaN;
        });
        if (this.used < this.capacity)
            this.used++;
        else
            this.start = (this.start + 1) % this.capacity;
    }

    /** A row of gaps, so that a plot does not join what lies before a pause with what comes after. */
    gap(time: number): void {
        if (this.used > 0)
            this.push(time, {});
    }

    clear(): void {
        this.start = 0;
        this.used = 0;
    }

    /** Times, then each named series, oldest first; gaps are null. From `since` on. */
    columnsOf(names: readonly string[], since = -Infinity): [number[], ...(number | null)[][]] {
        const from = this.firstAfter(since);
        const times: number[] = [];
        for (let i = from; i < this.used; i++)
            times.push(this.times[this.index(i)]!);
        return [times, ...names.map((name) => this.column(name, from))];
    }

    /** The newest value of a series; undefined where it is a gap. */
    last(name: string): number | undefined {
        if (this.used === 0)
            return undefined;
        const value = this.columnNamed(name)[this.index(this.used - 1)]!;
        return Number.isNaN(value) ? undefined : value;
    }

    private column(name: string, from: number): (number | null)[] {
        const column = this.columnNamed(name);
        const values: (number | null)[] = [];
        for (let i = from; i < this.used; i++) {
            const value = column[this.index(i)]!;
            values.push(Number.isNaN(value) ? null : value);
        }
        return values;
    }

    private columnNamed(name: string): Float64Array {
        const column = this.columns[this.names.indexOf(name)];
        if (column === undefined)
            throw new Error(`no series ${name}`);
        return column;
    }

    private firstAfter(since: number): number {
        let i = 0;
        while (i < this.used && this.times[this.index(i)]! < since)
            i++;
        return i;
    }

    private index(i: number): number {
        return (this.start + i) % this.capacity;
    }
}

/** What a plot's text alternative says of a series. */
export interface Summary {
    readonly last?: number;
    readonly min?: number;
    readonly mean?: number;
    readonly max?: number;
}

export function summarize(values: readonly (number | null)[]): Summary {
    let count = 0;
    let sum = 0;
    let min = Infinity;
    let max = -Infinity;
    let last: number | undefined;
    for (const value of values) {
        if (value === null)
            continue;
        count++;
        sum += value;
        min = Math.min(min, value);
        max = Math.max(max, value);
        last = value;
    }
    return count === 0 ? {} : { last: last!, min, mean: sum / count, max };
}
