// SPDX-License-Identifier: MIT
// Looks at the server every two seconds while the operations view is open, and keeps what its plots
// show: a quarter of an hour in a ring, and the scrapes of the last seconds for rates.
import { signal } from "@preact/signals";
import type { Problem } from "../api/problem";
import { type Row, rowBetween, rowNames, type Scrape } from "./figures";
import { onReturn, Poller } from "./poll";
import { Ring } from "./ring";
import { look, type Look } from "./scrape";

export const EVERY_MS = 2000;
export const KEPT_MINUTES = 15;
const WINDOW_MS = 10_000; // over which rates are taken
const SILENCE_MS = 3 * EVERY_MS; // after which a plot has a gap

export class Collector {
    readonly ring = new Ring(rowNames, (KEPT_MINUTES * 60_000) / EVERY_MS);
    readonly latest = signal<Look | null>(null);
    readonly row = signal<Row>({});
    readonly problem = signal<Problem | null>(null);
    private scrapes: Scrape[] = [];
    private poller: Poller<Look> | undefined;
    private forget: (() => void) | undefined;

    start(): void {
        this.stop();
        const poller = new Poller(look, EVERY_MS, (value, problem) => {
            this.problem.value = problem;
            if (value !== undefined)
                this.take(value);
        });
        this.poller = poller;
        this.forget = onReturn(() => poller.now());
        poller.now();
    }

    stop(): void {
        this.poller?.stop();
        this.forget?.();
        this.poller = undefined;
        this.forget = undefined;
    }

    /** The oldest scrape that rates are taken from, and the newest; undefined until there are two. */
    window(): [Scrape, Scrape] | undefined {
        const [first] = this.scrapes;
        const last = this.scrapes[this.scrapes.length - 1];
        return first === undefined || last === undefined || first === last ? undefined : [first, last];
    }

    take(value: Look): void {
        const { scrape } = value;
        const before = this.scrapes[this.scrapes.length - 1];
        if (before !== undefined && scrape.at - before.at > SILENCE_MS) {
            this.ring.gap((before.at + EVERY_MS) / 1000);
            this.scrapes = [];
        }
        this.scrapes = [...this.scrapes.filter((one) => scrape.at - one.at <= WINDOW_MS), scrape];
        const window = this.window();
        if (window !== undefined) {
            this.row.value = rowBetween(...window);
            this.ring.push(scrape.at / 1000, this.row.value);
        }
        this.latest.value = value;
    }
}

export const collector = new Collector();
