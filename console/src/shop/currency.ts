// SPDX-License-Identifier: MIT
// In what prices are asked for. The API compares minor units, whatever the currency is; for people an amount has
// as many digits as that of the products in sight.
import { useEffect, useState } from "preact/hooks";
import { get } from "../api/client";
import type { Product, SearchPage } from "../api/types";

/** That of most of them, of the first where two are even; "" = there are none. */
export function commonCurrency(products: readonly Pick<Product, "currency">[]): string {
    const counts = new Map<string, number>();
    for (const { currency } of products)
        counts.set(currency, (counts.get(currency) ?? 0) + 1);
    const [first] = [...counts].sort(([, one], [, other]) => other - one);
    return first?.[0] ?? "";
}

/** Of the page; where it has nothing, of those before it, or of the newest product. "" = not known yet. */
export function useCurrency(page: SearchPage | null): string {
    const [known, setKnown] = useState("");
    const seen = commonCurrency(page?.hits ?? []);
    const isAsked = page !== null && seen === "" && known === "";
    useEffect(() => {
        if (seen !== "")
            setKnown(seen);
    }, [seen]);
    useEffect(() => {
        if (!isAsked)
            return undefined;
        const control = new AbortController();
        get<SearchPage>("/search", { sort: "newest", limit: 1 }, control.signal).then(
            (newest) => setKnown(commonCurrency(newest.hits)),
            () => undefined); // the search itself says what is wrong
        return () => control.abort();
    }, [isAsked]);
    return seen || known;
}
