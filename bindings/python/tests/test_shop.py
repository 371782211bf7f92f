# SPDX-License-Identifier: MIT
"""The way from an empty folder to an order, and what a closed shop says."""

import pytest

import aurora


def test_a_shop_sells_what_it_has(tmp_path):
    with aurora.open(tmp_path / "shop.db") as shop:
        shop.products.put(sku="mug", name="Mug", price=aurora.Money("12.50", "EUR"))
        shop.stock.receive("mug", 10, key="delivery-1")

        order = shop.orders.place([("mug", 2)], currency="EUR", payment_method="tok_approve",
                                  key="cart-42")

        assert order.status is aurora.OrderStatus.COMPLETED
        assert order.total == aurora.Money("25.00", "EUR")
        assert shop.stock.get("mug").available == 8


def test_the_same_key_is_the_same_order(tmp_path):
    with aurora.open(tmp_path / "shop.db") as shop:
        shop.products.put(sku="mug", name="Mug", price=aurora.Money("12.50", "EUR"))
        shop.stock.receive("mug", 10, key="delivery-1")

        first, again = (shop.orders.place([("mug", 2)], currency="EUR", payment_method="tok_approve",
                                          key="cart-42") for _ in range(2))

        assert again == first
        assert again.is_replay and not first.is_replay
        assert shop.stock.get("mug").available == 8


def test_a_closed_shop_says_so(tmp_path):
    shop = aurora.open(tmp_path / "shop.db")
    shop.close()
    shop.close()

    with pytest.raises(aurora.ClosedError):
        shop.products.get("mug")
    assert not shop.is_open


def test_a_failure_names_field_and_rule():
    with aurora.open("memory:") as shop:
        with pytest.raises(aurora.InvalidArgumentError) as caught:
            shop.orders.place([("mug", 0)], currency="EUR", payment_method="tok_approve")

    assert caught.value.field == "lines[0].quantity"
    assert caught.value.rule == "must be 1 to 1000000, is 0"
    assert caught.value.code == "AURORA_EINVAL"
    assert not caught.value.retryable
