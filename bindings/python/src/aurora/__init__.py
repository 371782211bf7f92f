# SPDX-License-Identifier: MIT
"""Aurora: orders, stock, payments, events, search and limits in one library.

    import aurora
    with aurora.open("shop.db") as shop:
        shop.products.put(sku="mug", name="Mug", price=aurora.Money("12.50", "EUR"))
        shop.stock.receive("mug", 10, key="delivery-1")
        order = shop.orders.place([("mug", 2)], currency="EUR", payment_method="tok_approve",
                                  key="cart-42")
        assert order.status is aurora.OrderStatus.COMPLETED, order.reason
"""

from . import enums as _enums, statuses as _statuses
from ._native import ffi as _ffi, lib as _lib
from ._page import Page
from .enums import *  # noqa: F401,F403
from .errors import AuroraError, FatalError, RetriableError, UsageError
from .money import Money
from .orders import Charge, Line, Order, OrderRequest, ParkedBy, Transition
from .products import ANY_VERSION, Product, ProductInput
from .shop import Shop, open
from .statuses import *  # noqa: F401,F403
from .stock import Reservation, Stock

__all__ = [
    "ANY_VERSION", "AuroraError", "Charge", "FatalError", "Line", "Money", "Order", "OrderRequest", "Page",
    "ParkedBy", "Product", "ProductInput", "Reservation", "RetriableError", "Shop", "Stock", "Transition",
    "UsageError", "open",
]
__all__ += _enums.__all__
__all__ += _statuses.__all__

__version__ = _ffi.string(_lib.aurora_version()).decode()
"""The version of the library inside."""
