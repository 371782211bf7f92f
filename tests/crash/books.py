# SPDX-License-Identifier: MIT
"""What a store of SQLite must say after a kill, asked in SQL of its own, against what customers were told. It shares no
line with `auroractl verify`, which is asked too. Only copies are read: opening one mends it."""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import uuid

BIN = pathlib.Path(os.environ.get("AURORA_BIN", "build/bin"))

# Numbers of include/aurora/order.h and stock.h, as they stand in the rows.
COMPLETED, FAILED, CANCELLED = 3, 4, 5
RESERVED, COMMITTED, RETURNED = 1, 3, 5
RECEIPTS = (1, 3)  # a delivery, a return
CAPTURED = 5  # of a payment that was answered inline: its row is the only book

# Each query lists what must not be: an empty answer is a good one.
QUERIES = {
    "charged twice, or not what was agreed": """
        SELECT hex(id), captures, captured_minor, amount_minor FROM ledger
        WHERE captures > 1 OR captured_minor NOT IN (0, amount_minor) OR refunded_minor > captured_minor""",
    "completed and settled without its money": f"""
        SELECT hex(o.id) FROM orders o
        LEFT JOIN payments p ON p.order_id = o.id LEFT JOIN books l ON l.order_id = o.id
        WHERE o.status = {COMPLETED} AND o.settled_at IS NOT NULL AND o.total_minor > 0 AND NOT coalesce(
            CASE p.is_inline WHEN 1 THEN p.state = {CAPTURED} AND p.amount_minor = o.total_minor
            ELSE l.captured_minor = o.total_minor AND l.refunded_minor = 0 END, 0)""",
    "failed or cancelled, settled, and money kept": f"""
        SELECT hex(o.id) FROM orders o JOIN books l ON l.order_id = o.id
        WHERE o.status IN ({FAILED}, {CANCELLED}) AND o.settled_at IS NOT NULL
          AND l.captured_minor <> l.refunded_minor
        UNION ALL SELECT hex(o.id) FROM orders o JOIN payments p ON p.order_id = o.id
        WHERE o.status IN ({FAILED}, {CANCELLED}) AND o.settled_at IS NOT NULL AND p.is_inline AND p.state = {CAPTURED}""",
    "money for an order that does not exist": f"""
        SELECT hex(l.order_id) FROM books l WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = l.order_id)""",
    "oversold, or counters that do not add up": """
        SELECT id, available, reserved, sold, received, written_off FROM stock
        WHERE available + reserved + sold <> received - written_off OR min(available, reserved, sold) < 0""",
    "stock that is not what the reservations say": f"""
        WITH held AS (
            SELECT l.value->>0 AS id,
                   sum(CASE WHEN r.state = {RESERVED} THEN l.value->>1 ELSE 0 END) AS reserved,
                   sum(CASE WHEN r.state IN ({COMMITTED}, {RETURNED}) THEN l.value->>1 ELSE 0 END) AS sold
            FROM reservations r, json_each(r.lines) l
            WHERE r.lines IS NOT NULL AND r.state IN ({RESERVED}, {COMMITTED}, {RETURNED}) GROUP BY 1)
        SELECT s.id, s.reserved, held.reserved, s.sold, held.sold FROM stock s LEFT JOIN held USING (id)
        WHERE s.reserved <> coalesce(held.reserved, 0) OR s.sold <> coalesce(held.sold, 0)""",
    "received is not what was delivered and given back": f"""
        SELECT s.id, s.received, sum(m.quantity) FROM stock s LEFT JOIN stock_movements m
        ON m.sku_id = s.id AND m.kind IN {RECEIPTS} GROUP BY s.id HAVING s.received <> coalesce(sum(m.quantity), 0)""",
    "given back is not what was returned": f"""
        SELECT * FROM (
            SELECT coalesce(sum(l.value->>1), 0) AS returned FROM reservations r, json_each(r.lines) l
            WHERE r.lines IS NOT NULL AND r.state = {RETURNED}),
            (SELECT coalesce(sum(quantity), 0) AS given_back FROM stock_movements WHERE reason = 'return')
        WHERE returned <> given_back""",
    "completed without its stock": f"""
        SELECT hex(o.id) FROM orders o LEFT JOIN reservations r ON r.order_id = o.id
        WHERE o.status = {COMPLETED} AND o.settled_at IS NOT NULL AND r.state IS NOT {COMMITTED}""",
    "failed or cancelled, settled, and stock held": f"""
        SELECT hex(o.id) FROM orders o JOIN reservations r ON r.order_id = o.id
        WHERE o.status IN ({FAILED}, {CANCELLED}) AND o.settled_at IS NOT NULL
          AND r.state IN ({RESERVED}, {COMMITTED})""",
    "parked": "SELECT hex(id), parked FROM orders WHERE parked <> 0",
    "one key, two orders": """
        SELECT key_text, count(*) FROM orders WHERE key_text IS NOT NULL GROUP BY key_text HAVING count(*) > 1""",
}


class Copy:
    """The store as it lies on the disk: the file and its WAL."""

    def __init__(self, file, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.file = folder / file.name
        for ending in ("", "-wal"):
            if (source := file.with_name(file.name + ending)).exists():
                shutil.copyfile(source, folder / source.name)
        self.db = sqlite3.connect(self.file)
        # The simulator's books, whose id is that of the authorize task: the order's, with the verb in its last bits.
        self.db.execute("CREATE TEMP TABLE books AS SELECT * FROM ledger LIMIT 0")
        self.db.execute("ALTER TABLE books ADD order_id BLOB")
        self.db.executemany(f"INSERT INTO books VALUES ({', '.join('?' * 11)})",
                            [(*row, row[0][:15] + bytes([row[0][15] & 0xf8])) for row in self.rows("SELECT * FROM ledger")])
        self.db.execute("CREATE INDEX books_order ON books (order_id)")

    def rows(self, query):
        return self.db.execute(query).fetchall()

    def close(self):
        self.db.close()


def unsettled(file):
    """Of a store that is open."""
    db = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)
    try:
        return db.execute("SELECT count(*) FROM orders WHERE settled_at IS NULL").fetchone()[0]
    finally:
        db.close()


def deliveries(copy):
    return {row[0]: row[1:] for row in copy.rows(
        "SELECT m.key_text, k.sku, m.quantity FROM stock_movements m JOIN skus k ON k.id = m.sku_id "
        "WHERE m.reason IS NOT 'return'")}


def lost(copy, done):
    """What customers were told and the store does not know."""
    orders = {row[0]: row[1:] for row in copy.rows("SELECT lower(hex(id)), total_minor, key_text, status FROM orders")}
    delivered = deliveries(copy)
    for call in done:
        if call.kind == "delivery":
            if delivered.get(call.key) != call.subject:
                yield f"lost: {call.subject}, acknowledged for key {call.key}, is {delivered.get(call.key)}"
            continue
        order = json.loads(call.answer)["id"]
        stored = orders.get(uuid.UUID(order).hex)
        if stored is None:
            yield f"lost: order {order}, acknowledged for key {call.key}"
        elif call.kind == "order" and stored[:2] != (call.total, call.key):
            yield f"order {order} of key {call.key} over {call.total} is stored as {stored}"
        elif call.kind == "cancel" and stored[2] != CANCELLED:
            yield f"lost: the cancel of {order} by key {call.key}; the order is {stored}"


def unasked(copy, calls):
    """What the store knows and nobody asked for."""
    keys = {call.key for call in calls}
    stored = [row[0] for row in copy.rows("SELECT key_text FROM orders")] + list(deliveries(copy))
    return [f"nobody asked for what is stored by key {key}" for key in stored if key not in keys]


def verify(file, *words):
    answer = subprocess.run([str(BIN / "auroractl"), "verify", "--store", f"sqlite:{file}", "--json", *words], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=300)
    return [] if answer.returncode == 0 else [f"auroractl verify: {answer.stdout.strip()[:1500]}"]


def audit(file, folder, crowd, *words):
    """(what is wrong, orders by status)"""
    copy = Copy(file, folder)
    try:
        integrity = copy.rows("PRAGMA quick_check")
        found = [] if integrity == [("ok",)] else [f"quick_check: {integrity[:5]}"]
        done = crowd.done()
        found += lost(copy, done)
        found += unasked(copy, done + crowd.open_calls())
        for what, query in QUERIES.items():
            found += [f"{what}: {row}" for row in copy.rows(query)[:5]]
        counts = dict(copy.rows("SELECT status, count(*) FROM orders GROUP BY 1"))
    finally:
        copy.close()
    return found + verify(copy.file, *words), counts
