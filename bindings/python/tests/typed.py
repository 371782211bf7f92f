# SPDX-License-Identifier: MIT
"""Not run, only looked at by mypy: what a stranger's editor knows of the package."""

from typing import Optional

import aurora


def sell(shop: aurora.Shop, sku: str) -> aurora.Money:
    order: aurora.Order = shop.orders.place([(sku, 1)], currency="EUR", payment_method="tok_approve")
    reason: Optional[aurora.Reason] = order.reason
    try:
        shop.products.get(sku)
    except aurora.NotFoundError as error:
        print(error.field, error.rule, error.retryable)
    print(reason, order.status is aurora.OrderStatus.COMPLETED)
    return order.total + aurora.Money("1.00", "EUR") * 2
