// SPDX-License-Identifier: MIT
// What is searched for, as the place says it: #/shop?q=cup&category=Kitchen&min=5. Prices are in whole units
// there, since people read them.
import { go, href, replace } from "../shell/router";
import { plainMoney, readMoney } from "../text/money";
import type { Filters } from "./products";

/** Without a product in sight nobody knows which the catalogue is in. */
export const CURRENCY = "EUR";

const NAMES: (keyof Filters)[] = ["q", "category", "brand", "min_price", "max_price", "sort"];

export function readFilters(query: URLSearchParams): Filters {
    const price = (name: string) => {
        const minor = readMoney(query.get(name) ?? "", CURRENCY);
        return minor === null ? "" : String(minor);
    };
    return {
        q: query.get("q") ?? "",
        category: query.get("category") ?? "",
        brand: query.get("brand") ?? "",
        min_price: price("min"),
        max_price: price("max"),
        sort: query.get("sort") ?? "",
    };
}

export function isSearch(filters: Filters): boolean {
    return NAMES.some((name) => filters[name] !== "");
}

export function searchHref(filters: Partial<Filters>): string {
    const { min_price: min = "", max_price: max = "", ...rest } = filters;
    const price = (minor: string) => (minor === "" ? "" : plainMoney(Number(minor), CURRENCY));
    return href(["shop"], { ...rest, min: price(min), max: price(max) });
}

/** While somebody types or ticks, the place follows without an entry in the history each time. */
export function narrow(filters: Filters, change: Partial<Filters>): void {
    replace(searchHref({ ...filters, ...change }));
}

export function searchFor(q: string): void {
    go(searchHref({ q }));
}
