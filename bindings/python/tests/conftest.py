# SPDX-License-Identifier: MIT
"""What the tests share: a shop with a mug in it."""

import faulthandler

import pytest

import aurora

faulthandler.dump_traceback_later(150, exit=True)  # a wait without end is a failure that says where

PAY = {"currency": "EUR", "payment_method": "tok_approve"}


def stocked(shop, available=100):
    shop.products.put(sku="mug", name="Mug", price=aurora.Money("12.50", "EUR"), category="kitchen")
    shop.stock.receive("mug", available, key="delivery-1")
    return shop


@pytest.fixture
def shop():
    """In memory, with a worker."""
    with aurora.open("memory:") as opened:
        yield stocked(opened)


@pytest.fixture
def unpaid():
    """One whose payments and notifications are tasks."""
    with aurora.open("memory:", settings={"payment": "none:", "notify": "none:"}) as opened:
        yield stocked(opened)
