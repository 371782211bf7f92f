# SPDX-License-Identifier: MIT
"""Aurora: orders, stock, payments, events, search and limits in one library.

    import aurora
    with aurora.open("shop.db") as shop:
        shop.products.put(sku="mug", name="Mug", price=aurora.Money("12.50", "EUR"))
        shop.stock.receive("mug", 10, key="delivery-1")
        order = shop.orders.place([("mug", 2)], currency="EUR", payment_method="tok_approve",
                                  key="cart-42")
        assert order.status is aurora.OrderStatus.COMPLETED, order.reason

docs/PYTHON.md is the manual."""

from . import aio, enums as _enums, metrics, settings, statuses as _statuses, tasks, testing
from ._native import ffi as _ffi, lib as _lib
from ._page import Page
from .breaker import Breaker, BreakerCall, BreakerFigures, BreakerOpenError
from .care import Drain, Report, Violation
from .enums import *  # noqa: F401,F403
from .errors import AuroraError, FatalError, RetriableError, UsageError
from .events import Consumer, Event, EventPage
from .limits import Bucket, Bulkhead, BulkheadFullError, Claim, Limit, Limiter, take_all
from .machines import Machine, order_machine, payment_machine, reservation_machine
from .money import Money
from .notifications import Notification
from .orders import Charge, Line, Order, OrderRequest, ParkedBy, Transition
from .products import ANY_VERSION, Product, ProductInput
from .queue import Completion, Queue
from .retry import Retry, RetryBudget
from .sagas import DeadLetter, ParticipantState, Saga
from .search import Facet, Hit, SearchPage
from .shop import Shop, check_options, open, verify_stores
from .sketches import Related, Score, TopK
from .statuses import *  # noqa: F401,F403
from .stock import Reservation, Stock
from .tasks import NotificationTask, PaymentTask, TaskResult
from .trending import DAY, HOUR, WEEK, Trend

__all__ = [
    "ANY_VERSION", "AuroraError", "Breaker", "BreakerCall", "BreakerFigures", "BreakerOpenError", "Bucket", "Bulkhead",
    "BulkheadFullError", "Charge", "Claim", "Completion", "Consumer", "DAY", "DeadLetter", "Drain", "Event",
    "EventPage", "Facet", "FatalError", "HOUR", "Hit", "Limit", "Limiter", "Line", "Machine", "Money",
    "Notification", "NotificationTask", "Order", "OrderRequest", "Page", "ParkedBy", "ParticipantState",
    "PaymentTask", "Product", "ProductInput", "Queue", "Related", "Report", "Reservation", "RetriableError",
    "Retry", "RetryBudget", "Saga", "Score", "SearchPage", "Shop", "Stock", "TaskResult", "TopK",
    "Transition", "Trend", "UsageError", "Violation", "WEEK", "aio", "check_options", "metrics", "open",
    "order_machine", "payment_machine", "reservation_machine", "settings", "take_all", "tasks", "testing",
    "verify_stores",
]
__all__ += _enums.__all__
__all__ += _statuses.__all__

__version__ = _ffi.string(_lib.aurora_version()).decode()
"""The version of the library inside."""
