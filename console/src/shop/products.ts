// SPDX-License-Identifier: MIT
// The catalogue as the storefront asks for it.
import { get, post, segment } from "../api/client";
import { Problem } from "../api/problem";
import type { Page, Product, SearchPage, Stock, Trend } from "../api/types";

export const SORTS = [
    { value: "relevance", title: "Best match" },
    { value: "price", title: "Price, low to high" },
    { value: "-price", title: "Price, high to low" },
    { value: "newest", title: "Newest" },
] as const;

export interface Filters {
    q: string;
    category: string;
    brand: string;
    min_price: string;
    max_price: string;
    sort: string;
}

export function searchProducts(filters: Filters, cursor: string, signal: AbortSignal): Promise<SearchPage> {
    return get<SearchPage>("/search", { ...filters, limit: 24, cursor }, signal);
}

export async function suggest(q: string, signal: AbortSignal): Promise<string[]> {
    return (await get<{ items: string[] }>("/search/suggest", { q, limit: 8 }, signal)).items;
}

export function getProduct(sku: string, signal?: AbortSignal): Promise<Product> {
    return get<Product>(`/products/${segment(sku)}`, {}, signal);
}

/** null for one that is gone: a cart or a list of trends may still name it. */
async function findProduct(sku: string, signal: AbortSignal): Promise<Product | null> {
    try {
        return await getProduct(sku, signal);
    } catch (thrown) {
        if (thrown instanceof Problem && thrown.status === 404)
            return null;
        throw thrown;
    }
}

export function findProducts(skus: readonly string[], signal: AbortSignal): Promise<(Product | null)[]> {
    return Promise.all(skus.map((sku) => findProduct(sku, signal)));
}

async function ofTrends(path: string, limit: number, signal: AbortSignal): Promise<Product[]> {
    const trends = await get<Page<Trend>>(path, { limit }, signal);
    const found = await findProducts(trends.items.map((trend) => trend.sku), signal);
    return found.filter((product): product is Product => product !== null);
}

export function trending(signal: AbortSignal): Promise<Product[]> {
    return ofTrends("/recommendations/trending", 10, signal);
}

export function popular(signal: AbortSignal): Promise<Product[]> {
    return ofTrends("/recommendations/popular", 10, signal);
}

export function related(sku: string, signal: AbortSignal): Promise<Product[]> {
    return ofTrends(`/recommendations/related/${segment(sku)}`, 4, signal);
}

/** What there is to look through, the fullest first. */
export async function categories(signal: AbortSignal): Promise<{ total: number; names: string[] }> {
    const page = await get<SearchPage>("/search", { sort: "newest", limit: 1 }, signal);
    return { total: page.total, names: (page.facets?.category ?? []).map((one) => one.value).filter(Boolean) };
}

/** null where the reader may not know, or there never was any. */
export async function findStock(sku: string, signal: AbortSignal): Promise<Stock | null> {
    try {
        return await get<Stock>(`/inventory/${segment(sku)}`, {}, signal);
    } catch (thrown) {
        if (thrown instanceof Problem && [401, 403, 404].includes(thrown.status))
            return null;
        throw thrown;
    }
}

/** Counts a view. A failure is nobody's concern. */
export function countView(sku: string): void {
    post(`/products/${segment(sku)}/views`).catch(() => undefined);
}
