# SPDX-License-Identifier: MIT
"""Checked arithmetic on minor units, in Python's unbounded integers, and digits of currencies.

The digits are those of ISO 4217 (list one), typed from the standard."""

from cases import File, step

LOW, HIGH = -(2**63), 2**63 - 1
OVERFLOW = {"status": "EOVERFLOW"}

DIGITS = {
    "EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "SEK": 2, "PLN": 2, "CZK": 2, "HUF": 2, "INR": 2,
    "CNY": 2, "BRL": 2, "MXN": 2, "ZAR": 2, "AUD": 2, "CAD": 2, "NZD": 2, "DKK": 2, "NOK": 2,
    "TRY": 2, "ILS": 2, "THB": 2, "SGD": 2, "HKD": 2, "UAH": 2, "RON": 2, "IDR": 2, "PHP": 2,
    "JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "XOF": 0, "XAF": 0, "XPF": 0, "PYG": 0,
    "UGX": 0, "RWF": 0, "KMF": 0, "GNF": 0, "DJF": 0, "BIF": 0, "VUV": 0,
    "KWD": 3, "BHD": 3, "OMR": 3, "JOD": 3, "TND": 3, "IQD": 3, "LYD": 3,
}
NO_CURRENCY = ["", "eur", "Eur", "EU", "EURO", "ZZZ", "XAU", "XXX", "XTS", "E R", "123"]


def sums():
    edges = [0, 1, -1, 250, -250, 10**12, HIGH, LOW, HIGH - 1, LOW + 1]
    yield from ((a, b) for a in edges for b in edges if abs(a) >= abs(b))


def products():
    edges = [0, 1, -1, 2, 3, 250, 10**6, 10**12, 2**31, 2**32, 2**62, HIGH, LOW, 3037000500]
    yield from ((a, b) for a in edges for b in edges if a <= b)


def files():
    file = File("money", "Checked arithmetic on amounts, and digits of currencies.",
                "reference/money.py, in unbounded integers; digits by ISO 4217")
    for a, b in sums():
        right = {"gives": {"sum": a + b}} if LOW <= a + b <= HIGH else {"fails": OVERFLOW}
        file.case(f"add_{a}_and_{b}", step("money_add", a_minor=a, b_minor=b, **right))
    for a, b in products():
        right = {"gives": {"product": a * b}} if LOW <= a * b <= HIGH else {"fails": OVERFLOW}
        file.case(f"mul_{a}_by_{b}", step("money_mul", unit_minor=a, quantity=b, **right))
    for code, digits in DIGITS.items():
        file.case(f"digits_of_{code}", step("currency_digits", code=code, gives={"digits": digits}))
    for code in NO_CURRENCY:
        file.case(f"no_currency_{code!r}", step("currency_digits", code=code, gives={"digits": -1}))
    return [file]
