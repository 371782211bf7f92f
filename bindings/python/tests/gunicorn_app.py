# SPDX-License-Identifier: MIT
"""A WSGI program that sells, for test_gunicorn.py: opened once, before the workers are forked. In
the same process Python's own sqlite3 reads the file, as a dashboard might."""

import json
import os
import sqlite3

import aurora

PATH = os.environ["AURORA_SHOP"]
shop = aurora.open(PATH)


def stored_orders():
    with sqlite3.connect(f"file:{PATH}?mode=ro", uri=True) as connection:
        return connection.execute("SELECT count(*) FROM readable_orders").fetchone()[0]


def app(environ, start_response):
    key = environ["PATH_INFO"].lstrip("/")
    order = shop.orders.place([("mug", 1)], currency="EUR", payment_method="tok_approve", key=key)
    body = json.dumps({"id": str(order.id), "status": order.status.name, "pid": os.getpid(),
                       "stored": stored_orders()}).encode()
    start_response("201 Created", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
