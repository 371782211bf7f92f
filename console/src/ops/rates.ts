// SPDX-License-Identifier: MIT
// What happened between two scrapes: counters' increases, and quantiles of histograms' buckets.
import { type Labels, type Page, type Sample, seriesKey } from "./prometheus";

export type Keep = (labels: Labels) => boolean;

const all: Keep = () => true;

/** How much one counter grew. One that is lower than before was begun again with its process. */
export function increase(before: number, after: number): number {
    return after >= before ? after - before : after;
}

/** The growth of each series. One that was not there before began at 0: ours appear at their first
 * use. */
export function increases(before: Page, after: Page, name: string, keep: Keep = all): Sample[] {
    const old = new Map<string, number>();
    for (const sample of before.all(name))
        old.set(seriesKey(sample.labels), sample.value);
    return after
        .all(name)
        .filter((sample) => keep(sample.labels))
        .map(({ labels, value }) => ({
            labels,
            value: increase(old.get(seriesKey(labels)) ?? 0, value),
        }));
}

/** The growth of all series that are kept; undefined where the page has none of that name. */
export function increaseSum(before: Page, after: Page, name: string, keep: Keep = all): number | undefined {
    if (!after.has(name))
        return undefined;
    return increases(before, after, name, keep).reduce((sum, sample) => sum + sample.value, 0);
}

export interface Bucket {
    readonly le: number;
    readonly count: number; // cumulative, as on the page
}

/** What was recorded between two scrapes, over all series that are kept, by upper bound. */
export function bucketsBetween(before: Page, after: Page, name: string, keep: Keep = all): Bucket[] {
    const counts = new Map<number, number>();
    for (const { labels, value } of increases(before, after, `${name}_bucket`, keep)) {
        const le = labels["le"] === "+Inf" ? Infinity : Number(labels["le"]);
        counts.set(le, (counts.get(le) ?? 0) + value);
    }
    return [...counts].map(([le, count]) => ({ le, count })).sort((a, b) => a.le - b.le);
}

/** As Prometheus' histogram_quantile: linear within the bucket, the highest finite bound where the
 * quantile lies beyond it; undefined where nothing was recorded. */
export function quantile(q: number, buckets: readonly Bucket[]): number | undefined {
    const total = buckets[buckets.length - 1]?.count ?? 0;
    if (!(total > 0))
        return undefined;
    const rank = q * total;
    const at = buckets.findIndex((bucket) => bucket.count >= rank);
    const bucket = buckets[at]!;
    if (bucket.le === Infinity)
        return buckets[at - 1]?.le;
    const floor = at === 0 ? 0 : buckets[at - 1]!.le;
    const below = at === 0 ? 0 : buckets[at - 1]!.count;
    const within = bucket.count - below;
    return within > 0 ? floor + ((bucket.le - floor) * (rank - below)) / within : bucket.le;
}

/** The growth of a counter by the value of one label. */
export function increasesBy(before: Page, after: Page, name: string, label: string, keep: Keep = all): Map<string, number> {
    const sums = new Map<string, number>();
    for (const { labels, value } of increases(before, after, name, keep)) {
        const key = labels[label] ?? "";
        sums.set(key, (sums.get(key) ?? 0) + value);
    }
    return sums;
}
