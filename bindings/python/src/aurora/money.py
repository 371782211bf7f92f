# SPDX-License-Identifier: MIT
"""An amount with its currency, exact: whole minor units inside, Decimal outside, never a float."""

from __future__ import annotations

import decimal
import functools
from typing import Union

from ._native import ffi, lib
from ._call import INT64_MAX, check, text
from .statuses import CurrencyError, InvalidArgumentError, RangeError


@functools.lru_cache(maxsize=256)
def digits_of(currency: str) -> int:
    """Digits after the decimal mark by ISO 4217: 2 for "EUR", 0 for "JPY"."""
    digits = lib.aurora_currency_digits(text(currency, "currency"))
    if digits < 0:
        raise InvalidArgumentError(f"must be an ISO 4217 code in upper case, is {currency!r}", "currency")
    return digits


@functools.total_ordering
class Money:
    """An amount in a currency: Money("12.50", "EUR"), or Money.from_minor(1250, "EUR").

    The amount is text or a Decimal. A float is refused, since it cannot hold most prices; so is an
    int, since nobody can tell whether 12 is twelve euros or twelve cents. Adding and comparing need
    the same currency; results beyond 64 bits raise RangeError."""

    __slots__ = ("_minor", "_currency")
    _minor: int
    _currency: str

    def __init__(self, amount: Union[str, decimal.Decimal], currency: str) -> None:
        if isinstance(amount, float):
            raise TypeError("amount must be a str or Decimal: a float is not exact; write Money(\"12.50\", \"EUR\")")
        if not isinstance(amount, (str, decimal.Decimal)):
            raise TypeError("amount must be a str or Decimal; for minor units there is Money.from_minor(1250, \"EUR\")")
        digits = digits_of(currency)
        try:
            value = decimal.Decimal(amount)
        except decimal.InvalidOperation:
            raise InvalidArgumentError(f"must be a decimal number, is {amount!r}", "amount") from None
        if not value.is_finite():
            raise InvalidArgumentError(f"must be a finite number, is {amount!r}", "amount")
        if value.adjusted() > 20:
            raise RangeError("must fit 64 bits in minor units", "amount")
        with decimal.localcontext() as context:
            context.prec = max(context.prec, len(value.as_tuple().digits) + 25)
            scaled = value.scaleb(digits)
            if scaled != scaled.to_integral_value():
                raise InvalidArgumentError(f"{currency} has {digits} decimals, is {amount}", "amount")
            self._set(int(scaled), currency)

    def _set(self, minor: int, currency: str) -> None:
        if not -INT64_MAX - 1 <= minor <= INT64_MAX:
            raise RangeError("must fit 64 bits in minor units", "amount")
        object.__setattr__(self, "_minor", minor)
        object.__setattr__(self, "_currency", currency)

    @classmethod
    def from_minor(cls, minor: int, currency: str) -> Money:
        """An amount in minor units, such as cents."""
        if isinstance(minor, bool) or not isinstance(minor, int):
            raise TypeError(f"minor units must be an int, not {type(minor).__name__}")
        digits_of(currency)
        return cls._trusted(minor, currency)

    @classmethod
    def _trusted(cls, minor: int, currency: str) -> Money:
        """As the library gave it: the currency is not looked at again."""
        money = cls.__new__(cls)
        money._set(minor, currency)
        return money

    @property
    def minor(self) -> int:
        """Whole minor units: 1250."""
        return self._minor

    @property
    def currency(self) -> str:
        return self._currency

    @property
    def amount(self) -> decimal.Decimal:
        """Decimal("12.50"), with the decimals of the currency."""
        # Of its digits: arithmetic would round to the caller's context.
        digits = tuple(int(digit) for digit in str(abs(self._minor)))
        return decimal.Decimal((int(self._minor < 0), digits, -digits_of(self._currency)))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("Money does not change")

    def __str__(self) -> str:
        return f"{self.amount} {self._currency}"

    def __repr__(self) -> str:
        return f"Money({str(self.amount)!r}, {self._currency!r})"

    def __reduce__(self) -> tuple[object, tuple[int, str]]:
        return Money.from_minor, (self._minor, self._currency)

    def __hash__(self) -> int:
        return hash((self._minor, self._currency))

    def __bool__(self) -> bool:
        return self._minor != 0

    def _same(self, other: Money) -> None:
        if self._currency != other._currency:
            raise CurrencyError(f"{self._currency} and {other._currency} do not mix")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self._minor == other._minor and self._currency == other._currency

    def __lt__(self, other: Money) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        self._same(other)
        return self._minor < other._minor

    def __add__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        self._same(other)
        out = ffi.new("int64_t *")
        check(lib.aurora_money_add(self._minor, other._minor, out))
        return Money._trusted(out[0], self._currency)

    def __neg__(self) -> Money:
        return Money._trusted(-self._minor, self._currency)

    def __sub__(self, other: Money) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return self + -other

    def __mul__(self, quantity: int) -> Money:
        if isinstance(quantity, bool) or not isinstance(quantity, int):
            return NotImplemented
        if not -INT64_MAX - 1 <= quantity <= INT64_MAX:
            raise RangeError("must fit 64 bits", "quantity")
        out = ffi.new("int64_t *")
        check(lib.aurora_money_mul(self._minor, quantity, out))
        return Money._trusted(out[0], self._currency)

    __rmul__ = __mul__
