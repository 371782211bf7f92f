# SPDX-License-Identifier: MIT
"""Amounts are exact, and say why when they cannot be."""

import decimal
import pickle

import pytest
from hypothesis import given, strategies as st

import aurora
from aurora import Money

MINOR = st.integers(-2**63, 2**63 - 1)


@pytest.mark.parametrize("amount, currency, minor", [
    ("12.50", "EUR", 1250), ("12", "JPY", 12), ("1.234", "KWD", 1234), ("-0.01", "EUR", -1),
    (decimal.Decimal("1e3"), "EUR", 100000), ("0", "EUR", 0)])
def test_an_amount_has_the_decimals_of_its_currency(amount, currency, minor):
    assert Money(amount, currency).minor == minor


@given(MINOR)
def test_an_amount_is_exact_in_every_decimal_context(minor):
    with decimal.localcontext() as context:
        context.prec = 3
        amount, said = Money.from_minor(minor, "EUR").amount, str(Money.from_minor(minor, "EUR"))
    assert Money(amount, "EUR").minor == minor
    assert said == f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02} EUR"


@pytest.mark.parametrize("amount", [1.5, 12, True, None, b"1"])
def test_what_is_no_text_and_no_decimal_is_refused(amount):
    with pytest.raises(TypeError, match="str or Decimal"):
        Money(amount, "EUR")


@pytest.mark.parametrize("amount, currency, field", [
    ("1.234", "EUR", "amount"), ("abc", "EUR", "amount"), ("NaN", "EUR", "amount"), ("Infinity", "EUR", "amount"),
    ("1", "eur", "currency"), ("1", "XXZ", "currency"), ("1e30", "EUR", "amount"), ("1e999999", "EUR", "amount"),
    ("92233720368547758.08", "EUR", "amount")])
def test_an_amount_that_cannot_be_names_its_field(amount, currency, field):
    with pytest.raises(aurora.AuroraError) as caught:
        Money(amount, currency)
    assert caught.value.field == field


@given(MINOR)
def test_minor_units_go_around(minor):
    money = Money.from_minor(minor, "EUR")
    assert Money(money.amount, "EUR") == money
    assert Money(*str(money).split()) == money
    assert pickle.loads(pickle.dumps(money)) == money
    assert eval(repr(money)) == money


@given(MINOR, MINOR)
def test_sums_are_exact_or_refused(a, b):
    if -2**63 <= a + b < 2**63:
        assert (Money.from_minor(a, "EUR") + Money.from_minor(b, "EUR")).minor == a + b
    else:
        with pytest.raises(aurora.RangeError):
            Money.from_minor(a, "EUR") + Money.from_minor(b, "EUR")


@given(MINOR, MINOR)
def test_products_are_exact_or_refused(a, n):
    if -2**63 <= a * n < 2**63:
        assert (Money.from_minor(a, "EUR") * n).minor == a * n
    else:
        with pytest.raises(aurora.RangeError):
            n * Money.from_minor(a, "EUR")


def test_currencies_do_not_mix():
    euro, yen = Money("1", "EUR"), Money("1", "JPY")
    assert euro != yen
    for mix in (lambda: euro + yen, lambda: euro - yen, lambda: euro < yen):
        with pytest.raises(aurora.CurrencyError):
            mix()
    with pytest.raises(TypeError):
        euro * 1.5
    with pytest.raises(AttributeError):
        euro.currency = "USD"
