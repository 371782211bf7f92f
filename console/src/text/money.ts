// SPDX-License-Identifier: MIT
// Amounts for people. They are whole minor units everywhere else.

const formats = new Map<string, Intl.NumberFormat>();

function formatOf(currency: string): Intl.NumberFormat {
    let format = formats.get(currency);
    if (format === undefined) {
        try {
            format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" });
        } catch { // a currency is any three letters
            format = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
        }
        formats.set(currency, format);
    }
    return format;
}

/** How many minor units make one: 100 EUR cents, 1 JPY. */
function digitsOf(currency: string): number {
    return formatOf(currency).resolvedOptions().maximumFractionDigits ?? 2;
}

export function money(minor: number, currency: string): string {
    return formatOf(currency).format(minor / 10 ** digitsOf(currency));
}

/** What somebody typed as an amount ("12", "12.5", "12,50"), in minor units; null = it is none. */
export function readMoney(text: string, currency: string): number | null {
    const plain = text.trim().replace(",", ".");
    if (!/^\d{1,10}(\.\d*)?$/.test(plain))
        return null;
    return Math.round(Number(plain) * 10 ** digitsOf(currency));
}

/** Minor units as a field shows them for editing: "12.50". */
export function plainMoney(minor: number, currency: string): string {
    const digits = digitsOf(currency);
    return (minor / 10 ** digits).toFixed(minor % 10 ** digits === 0 ? 0 : digits);
}
