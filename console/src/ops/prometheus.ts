// SPDX-License-Identifier: MIT
// Reads a page of Prometheus' text format (0.0.4, and OpenMetrics as far as it is the same lines).
// What is no sample is passed over: a page of a newer server must not blind an older console.

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
    readonly labels: Labels;
    readonly value: number;
}

/** The samples of a page by their name, histograms' under _bucket, _sum and _count. */
export class Page {
    private readonly samples = new Map<string, Sample[]>();

    add(name: string, sample: Sample): void {
        const list = this.samples.get(name);
        if (list === undefined)
            this.samples.set(name, [sample]);
        else
            list.push(sample);
    }

    all(name: string): readonly Sample[] {
        return this.samples.get(name) ?? [];
    }

    has(name: string): boolean {
        return this.samples.has(name);
    }

    /** The one sample with these labels among its own; undefined where there is none. */
    value(name: string, labels: Labels = {}): number | undefined {
        return this.all(name).find((sample) => matches(sample.labels, labels))?.value;
    }

    /** The sum over all samples with these labels; undefined where there is none. */
    sum(name: string, labels: Labels = {}): number | undefined {
        let sum: number | undefined;
        for (const sample of this.all(name)) {
            if (matches(sample.labels, labels))
                sum = (sum ?? 0) + sample.value;
        }
        return sum;
    }
}

export function matches(labels: Labels, wanted: Labels): boolean {
    for (const name in wanted) {
        if (labels[name] !== wanted[name])
            return false;
    }
    return true;
}

/** A name for a series: its labels in their order, but for `without`. */
export function seriesKey(labels: Labels, without = ""): string {
    let key = "";
    for (const name in labels) {
        if (name !== without)
            key += `${name}=${labels[name]}\u0000`;
    }
    return key;
}

export function parsePage(text: string): Page {
    const page = new Page();
    for (let at = 0; at < text.length; ) {
        let end = text.indexOf("\n", at);
        if (end < 0)
            end = text.length;
        if (end > at && text.charCodeAt(at) !== HASH)
            parseLine(text.slice(at, end), page);
        at = end + 1;
    }
    return page;
}

const HASH = 35;
const NAME = /^[A-Za-z_:][A-Za-z0-9_:]*/;
const LABEL = /([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"[ \t]*,?[ \t]*/y;

function parseLine(line: string, page: Page): void {
    const name = NAME.exec(line)?.[0];
    if (name === undefined)
        return;
    let rest = name.length;
    let labels: Labels = {};
    if (line[rest] === "{") {
        const read = parseLabels(line, rest + 1);
        if (read === undefined)
            return;
        labels = read.labels;
        rest = read.end;
    }
    const value = parseValue(line.slice(rest).trimStart());
    if (value !== undefined)
        page.add(name, { labels, value });
}

function parseLabels(line: string, start: number): { labels: Labels; end: number } | undefined {
    const labels: Record<string, string> = Object.create(null) as Record<string, string>;
    let at = start;
    while (line[at] !== "}") {
        LABEL.lastIndex = at;
        const match = LABEL.exec(line);
        if (match === null)
            return undefined;
        labels[match[1]!] = unescape(match[2]!);
        at = LABEL.lastIndex;
    }
    return { labels, end: at + 1 };
}

function unescape(text: string): string {
    if (!text.includes("\\"))
        return text;
    return text.replace(/\\(.)/g, (_, what: string) => (what === "n" ? "\n" : what));
}

/** The first word; a time or an exemplar may follow it. */
function parseValue(text: string): number | undefined {
    const word = text.split(/\s/, 1)[0]!;
    if (word === "+Inf")
        return Infinity;
    if (word === "-Inf")
        return -Infinity;
    if (word === "NaN")
        return NaN;
    const value = Number(word);
    return word === "" || Number.isNaN(value) ? undefined : value;
}
