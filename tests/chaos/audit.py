# SPDX-License-Identifier: MIT
"""What must hold once things are back, asked of PostgreSQL in SQL of its own: it shares no line with
`auroractl verify`, which is asked too at the end."""

import json
import subprocess
import time

# Numbers of include/aurora/order.h and stock.h, as they stand in the rows.
COMPLETED, FAILED, CANCELLED = 3, 4, 5
RESERVED, COMMITTED, RETURNED = 1, 3, 5

# The simulator's books, whose id is that of the authorize task: the order's, with the verb in its
# last three bits.
BOOKS = """WITH books AS (
    SELECT (left(id::text, 35) || translate(right(id::text, 1), '19', '08'))::uuid AS order_id, *
    FROM aurora_payment.ledger) """

# Each query lists what must not be: an empty answer is a good one.
QUERIES = {
    "charged twice, or not what was agreed": """
        SELECT id, captures, captured_minor, amount_minor FROM aurora_payment.ledger
        WHERE captures > 1 OR captured_minor NOT IN (0, amount_minor)
           OR refunded_minor > captured_minor""",
    "completed and settled without its money": f"""{BOOKS}
        SELECT o.id FROM aurora_order.orders o LEFT JOIN books l ON l.order_id = o.id
        WHERE o.status = {COMPLETED} AND o.settled_at IS NOT NULL AND o.total_minor > 0
          AND (l.id IS NULL OR l.captured_minor <> o.total_minor OR l.refunded_minor <> 0)""",
    "failed or cancelled, settled, and money kept": f"""{BOOKS}
        SELECT o.id FROM aurora_order.orders o JOIN books l ON l.order_id = o.id
        WHERE o.status IN ({FAILED}, {CANCELLED}) AND o.settled_at IS NOT NULL
          AND l.captured_minor <> l.refunded_minor""",
    "money for an order that does not exist": f"""{BOOKS}
        SELECT l.order_id FROM books l
        WHERE NOT EXISTS (SELECT 1 FROM aurora_order.orders o WHERE o.id = l.order_id)""",
    "oversold, or counters that do not add up": """
        SELECT id, available, reserved, sold, received, written_off FROM aurora_inventory.stock
        WHERE available + reserved + sold <> received - written_off
           OR least(available, reserved, sold) < 0""",
    "stock that is not what the reservations say": f"""
        WITH held AS (
            SELECT (l->>0)::bigint AS id,
                   sum((l->>1)::bigint) FILTER (WHERE r.state = {RESERVED}) AS reserved,
                   sum((l->>1)::bigint) FILTER (WHERE r.state IN ({COMMITTED}, {RETURNED})) AS sold
            FROM aurora_inventory.reservations r, json_array_elements(r.lines::json) l
            WHERE r.lines IS NOT NULL AND r.state IN ({RESERVED}, {COMMITTED}, {RETURNED})
            GROUP BY 1)
        SELECT s.id, s.reserved, held.reserved, s.sold, held.sold
        FROM aurora_inventory.stock s LEFT JOIN held USING (id)
        WHERE s.reserved <> coalesce(held.reserved, 0) OR s.sold <> coalesce(held.sold, 0)""",
    "completed without its stock": f"""
        SELECT o.id FROM aurora_order.orders o
        LEFT JOIN aurora_inventory.reservations r ON r.order_id = o.id
        WHERE o.status = {COMPLETED} AND o.settled_at IS NOT NULL
          AND r.state IS DISTINCT FROM {COMMITTED}""",
    "failed or cancelled, settled, and stock held": f"""
        SELECT o.id FROM aurora_order.orders o
        JOIN aurora_inventory.reservations r ON r.order_id = o.id
        WHERE o.status IN ({FAILED}, {CANCELLED}) AND o.settled_at IS NOT NULL
          AND r.state IN ({RESERVED}, {COMMITTED})""",
    "parked": "SELECT id, parked FROM aurora_order.orders WHERE parked <> 0",
    "one key, two orders": """
        SELECT key_text, count(*) FROM aurora_order.orders
        WHERE key_text IS NOT NULL GROUP BY key_text HAVING count(*) > 1""",
}

UNSETTLED = "SELECT count(*) FROM aurora_order.orders WHERE settled_at IS NULL"


def wait_settled(cluster, limit_s):
    """Seconds until no order is unsettled; None if the limit came first."""
    begin = time.monotonic()
    while time.monotonic() - begin < limit_s:
        if cluster.sql(UNSETTLED) == [["0"]]:
            return time.monotonic() - begin
        time.sleep(0.25)
    return None


def wait_priced(cluster, skus, limit_s=30):
    """The order service has heard of all products: an order of another is refused."""
    end = time.monotonic() + limit_s
    while int(cluster.sql("SELECT count(*) FROM aurora_order.prices")[0][0]) < len(skus):
        if time.monotonic() > end:
            raise RuntimeError(f"the price list has no {len(skus)} products after {limit_s} s")
        time.sleep(0.1)


def unsettled(cluster):
    rows = cluster.sql("SELECT id, status, parked, answers, resend_count FROM aurora_order.orders "
                       "WHERE settled_at IS NULL ORDER BY id LIMIT 5")
    return "; ".join(" ".join(row) for row in rows)


def schemas_with(cluster, table):
    return [row[0] for row in cluster.sql(
        f"SELECT table_schema FROM information_schema.tables WHERE table_name = '{table}' "
        "AND table_schema LIKE 'aurora%'")]


def lost(cluster, acknowledged):
    """Acknowledged orders that are not there, or cost something else."""
    stored = {row[0]: int(row[1]) for row in
              cluster.sql("SELECT id, total_minor FROM aurora_order.orders")}
    for key, (order_id, total) in acknowledged.items():
        if order_id not in stored:
            yield f"lost: order {order_id}, acknowledged for key {key}"
        elif stored[order_id] != total:
            yield f"order {order_id} costs {stored[order_id]}, not {total}"


def violations(cluster, acknowledged):
    found = list(lost(cluster, acknowledged))
    for what, query in QUERIES.items():
        found += [f"{what}: {' '.join(row)}" for row in cluster.sql(query)[:5]]
    for schema in schemas_with(cluster, "parked_keys"):
        found += [f"parked in {schema}: {' '.join(row)}" for row in cluster.sql(
            f"SELECT consumer, key_text, error FROM {schema}.parked_keys LIMIT 5")]
    return found


def verify(cluster):
    """(is it well, what `auroractl verify` says)"""
    answer = subprocess.run([f"{cluster.environment['AURORA_BIN']}/auroractl", "verify", "--store",
                             cluster.store(), "--at-rest", "--json"], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                            timeout=600)
    return answer.returncode == 0, answer.stdout.strip()


def disordered(cluster):
    """Keys of a topic whose events do not stand in the order of their source's log. A relay that
    starts again repeats some: only what is new must come in order."""
    wrong = []
    for topic in ("orders", "inventory", "payments", "products"):
        answer = subprocess.run(["kcat", "-C", "-q", "-e", "-o", "beginning", "-b",
                                 cluster.variables["AURORA_TEST_KAFKA"], "-t", f"aurora.{topic}.v1",
                                 "-f", "%k\t%h\n"], text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, check=False, timeout=300)
        newest = {}
        for line in answer.stdout.splitlines():
            key, _, text = line.partition("\t")
            headers = dict(pair.partition("=")[::2] for pair in text.split(","))
            place, number = (key, headers.get("ce_source")), int(headers.get("ce_sequence", 0))
            seen = newest.setdefault(place, set())
            if seen and number not in seen and number < max(seen):
                wrong.append(f"aurora.{topic}.v1: {key}: {number} after {max(seen)}")
            seen.add(number)
    return wrong


def counts(cluster):
    rows = cluster.sql("SELECT status, count(*) FROM aurora_order.orders GROUP BY 1 ORDER BY 1")
    words = {"1": "PENDING", "2": "RESERVED", "3": "COMPLETED", "4": "FAILED", "5": "CANCELLED"}
    return json.dumps({words.get(status, status): int(count) for status, count in rows})
