# SPDX-License-Identifier: MIT
"""flow_operator.py: what an operator does with auroractl on a cluster in trouble: a provider that gives no answer, a
damaged row, a message that nobody can read, a search index to be made again, and a drain."""

import http.server
import json
import pathlib
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_cluster import System, partition_of, take_environment  # noqa: E402


class Provider(http.server.ThreadingHTTPServer):
    """Knows nothing while `is_down` (few calls: many that fail are held back); remembers what it did."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.is_down, self.done = True, set()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        outcome = {"outcome": "done", "provider_reference": "ref"}
        if call["verb"] == "query" and call["task_id"] not in self.server.done:
            outcome = {"outcome": "not_found"}
        if self.server.is_down:
            outcome = {"outcome": "unknown"}
        elif call["verb"] != "query":
            self.server.done.add(call["task_id"])
        body = json.dumps(outcome).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def shown(system, order):
    return system.call("GET", f"/orders/{order['id']}")[2]


def wait_parked(system, order):
    system.until(f"{order['id']} is PARKED", lambda: shown(system, order)["status"] == "PARKED", 40)


def provider_fails(system, provider):
    """Three orders park; one is tried again, one is marked, one is compensated."""
    url, store = ["--url", system.gateway.url], ["--store", system.store]
    again, marked, given_up = orders = [system.place("card", wait=0) for _ in range(3)]
    for order in orders:
        wait_parked(system, order)
    for where in (url, store):
        listed = {item["order_id"] for item in system.ctl("sagas", "list", "--parked", *where)["items"]}
        system.expect(listed == {order["id"] for order in orders}, where, listed)
        saga = system.ctl("sagas", "show", again["id"], *where)
        system.expect("payment" in json.dumps(saga), saga)
    status, _, problem = system.call("POST", f"/orders/{again['id']}/cancel", {})
    system.expect((status, problem["code"]) == (409, "parked"), status, problem)
    provider.is_down = False
    system.reload("payment", "attempts_max", "20")  # that it never came there is an attempt too
    system.ctl("sagas", "retry", again["id"], "--participant", "payment", "--note", "it is back", *url)
    system.ctl("sagas", "mark", marked["id"], "--participant", "payment", "--result", "authorized", *url)
    system.ctl("sagas", "compensate", given_up["id"], "--note", "too late", *url)
    system.settled(again, "COMPLETED")
    system.settled(marked, "COMPLETED")
    body = system.settled(given_up, "FAILED")
    system.expect(body["reason"] == "operator", body)
    system.expect(system.ctl("sagas", "list", "--parked", *url)["items"] == [], "still parked")


def letters(system, consumer, *where):
    return system.ctl("dead-letters", "list", "--consumer", consumer, *where)["items"]


def damaged_row(system):
    """Orders of a damaged row park, by store and by URL they are freed; others go on."""
    where = ["--url", system["inventory"].url], ["--store", system.store]
    system.psql("UPDATE aurora_inventory.stock SET received = received + 1 WHERE id = "
                "(SELECT id FROM aurora_inventory.skus WHERE sku = 'mug')")
    orders = [system.place("card", wait=0) for _ in where]
    for order in orders:
        wait_parked(system, order)
    system.settled(system.place("card", sku="cup"), "COMPLETED")
    for order, place in zip(orders, where):
        found = [item["key"] for item in letters(system, "inventory", *place)]
        system.expect(order["id"] in found, place, found)
    system.psql("UPDATE aurora_inventory.stock SET received = received - 1 WHERE id = "
                "(SELECT id FROM aurora_inventory.skus WHERE sku = 'mug')")
    for order, place in zip(orders, where):
        answer = system.ctl("dead-letters", "redrive", "inventory", order["id"], *place)
        system.expect(answer["taken"] >= 1, answer)
        system.settled(order, "COMPLETED")
    system.expect(letters(system, "inventory", *where[1]) == [], "letters are left")


def poison(system):
    """A message that nobody can read parks its key alone; what follows waits, other keys of the partition flow."""
    order = system.settled(system.place("card"), "COMPLETED")
    before = len(system.records("dlq"))
    system.put_record("orders", order["id"], "no json", headers=[
        ("ce_type", "order.cancelled"), ("ce_source", "/aurora/order/stray"), ("ce_sequence", "1")])
    wait_parked(system, order)
    while True:  # until one was of the same partition
        other = system.settled(system.place("card", sku="cup"), "COMPLETED")
        if partition_of(other["id"]) == partition_of(order["id"]):
            break
    copies = system.until("copies", lambda: [record for record in system.records("dlq")[before:]
                                             if record["payload"] == "no json"], 20)
    system.expect(all(record["key"] == order["id"] and record["headers"]["aurora_reason"] for record in copies), copies)
    system.until("both participants", lambda: all(
        letters(system, consumer, "--url", system[consumer].url) for consumer in ("inventory", "payment")), 20)
    # It stays what it is, so that trying again is no way; the operator says what is true.
    system.ctl("dead-letters", "redrive", "payment", order["id"], "--store", system.store, expect=1)
    for participant, result in (("inventory", "committed"), ("payment", "captured")):
        system.ctl("sagas", "mark", order["id"], "--participant", participant, "--result", result,
                   "--url", system.gateway.url)
        system.until("freed", lambda participant=participant: not letters(
            system, participant, "--store", system.store), 20)
    system.settled(order, "COMPLETED")


def products(system):
    """Followers hear of all products again, and the index is made again."""
    before = len(system.records("products"))
    system.ctl("products", "resync", "--store", system.store)
    system.until("said again", lambda: len(system.records("products")) >= before + 2, 30)
    words = ["--search", "elasticsearch://" + system.engines["OPENSEARCH"].removeprefix("http://")
             + f"?index={system.prefix}"] if system.engines.get("OPENSEARCH") else []
    if words:
        system.ctl("reindex", "--store", system.store, *words)
        system.until("search", lambda: system.call("GET", "/search?q=cup")[2].get("total") == 1, 30)


def main():
    begin = time.monotonic()
    provider = Provider()
    payment = (f"payment = http://127.0.0.1:{provider.server_port}/\npayment_secret = hush\nattempts_max = 1\n"
               "park_attempts_min = 1\nretry_first = 100ms\n")
    with System(take_environment(), own={"payment": payment}, settings="resend_first = 2s\n") as system:
        system.sell("mug", 1000)
        system.sell("cup", 1000)
        for step in (lambda: provider_fails(system, provider), lambda: damaged_row(system), lambda: poison(system),
                     lambda: products(system)):
            step()
            print(f"flow_operator: {time.monotonic() - begin:.0f} s", flush=True)
        answer = system.ctl("drain", "--store", system.store)
        system.expect(answer["drained"], answer)
        system.end()
    provider.shutdown()
    print(f"flow_operator: {time.monotonic() - begin:.0f} s")


main()
