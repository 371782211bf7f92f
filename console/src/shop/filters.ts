// SPDX-License-Identifier: MIT
// What is searched for, as the place says it: #/shop?q=cup&category=Kitchen&min_price=500. Prices are in minor
// units there, as the API has them: how many make one depends on the currency, which an address does not know.
import { go, href, replace } from "../shell/router";
import type { Filters } from "./products";

const NAMES: (keyof Filters)[] = ["q", "category", "brand", "min_price", "max_price", "sort"];

export function readFilters(query: URLSearchParams): Filters {
    const price = (name: string) => {
        const minor = query.get(name) ?? "";
        return /^\d{1,13}$/.test(minor) ? minor : "";
    };
    return {
        q: query.get("q") ?? "",
        category: query.get("category") ?? "",
        brand: query.get("brand") ?? "",
        min_price: price("min_price"),
        max_price: price("max_price"),
        sort: query.get("sort") ?? "",
    };
}

export function isSearch(filters: Filters): boolean {
    return NAMES.some((name) => filters[name] !== "");
}

export function searchHref(filters: Partial<Filters>): string {
    return href(["shop"], { ...filters });
}

/** While somebody types or ticks, the place follows without an entry in the history each time. */
export function narrow(filters: Filters, change: Partial<Filters>): void {
    replace(searchHref({ ...filters, ...change }));
}

export function searchFor(q: string): void {
    go(searchHref({ q }));
}
