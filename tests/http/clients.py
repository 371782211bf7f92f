#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A shop through the standard clients: Python's http.client and urllib on kept connections, curl, and what HTTP
promises to each: conditional requests, pages under inserts, waiting, replays, streams that resume."""

import http.client
import json
import pathlib
import subprocess
import sys
import threading
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server  # noqa: E402

MUG = {"name": "Mug", "price_minor": 1250, "currency": "EUR", "category": "Kitchen", "attributes": {"colour": "blue"}}
ORDER = {"lines": [{"sku": "mug", "quantity": 2}], "currency": "EUR", "payment_method": "tok_approve"}


def events_of(server, order, headers=None, limit=20):
    """The server-sent events of an order until the server ends the stream."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", f"/orders/{order}/events", headers=dict({"Accept": "text/event-stream"}, **(headers or {})))
    answer = connection.getresponse()
    found, event = [], {}
    if answer.status == 200:
        for raw in answer:
            line = raw.decode().rstrip("\n").rstrip("\r")
            name, _, value = line.partition(":")
            if line == "" and "data" in event:
                found.append((int(event["id"]), json.loads(event["data"])))
                event = {}
            elif name:
                event[name] = value.removeprefix(" ")
            if len(found) >= limit:
                break
    connection.close()
    return answer.status, answer.headers, found


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.server.start()
        assert cls.server.call("PUT", "/products/mug", MUG)[0] == 201
        assert cls.server.call("POST", "/inventory/mug/receipts", {"quantity": 100000})[0] == 201

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def test_kept_connection_serves_many_requests(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        for i in range(50):
            connection.request("POST", "/orders", json.dumps(ORDER), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            order = json.loads(answer.read())
            self.assertEqual((answer.status, order["status"], order["total_minor"]), (201, "COMPLETED", 2500))
            self.assertEqual(answer.headers["Location"], f"/orders/{order['id']}")
            connection.request("GET", answer.headers["Location"])
            answer = connection.getresponse()
            self.assertEqual(json.loads(answer.read())["id"], order["id"])
        connection.close()

    def test_chunked_request_body_is_taken(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        text = json.dumps(ORDER).encode()
        connection.request("POST", "/orders", iter([text[:10], text[10:]]), {"Content-Type": "application/json"},
                           encode_chunked=True)
        self.assertEqual(connection.getresponse().status, 201)
        connection.close()

    def test_urllib_reads_problems(self):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"http://127.0.0.1:{self.server.port}/products/none", timeout=10)
        problem = json.loads(caught.exception.read())
        self.assertEqual((caught.exception.code, problem["code"]), (404, "not_found"))
        self.assertEqual(caught.exception.headers["Content-Type"].split(";")[0], "application/problem+json")

    def test_repeat_with_a_key_answers_the_same_bytes(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        bodies = []
        for replayed in (None, "true", "true"):
            connection.request("POST", "/orders", json.dumps(ORDER),
                               {"Content-Type": "application/json", "Idempotency-Key": '"k-1"'})
            answer = connection.getresponse()
            bodies.append(answer.read())
            self.assertEqual((answer.status, answer.headers["Idempotency-Replayed"]), (201, replayed))
        self.assertEqual(len(set(bodies)), 1)
        spaced = json.dumps(dict(reversed(ORDER.items())), indent=2)
        connection.request("POST", "/orders", spaced, {"Content-Type": "application/json", "Idempotency-Key": "k-1"})
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.read()), (201, bodies[0]))
        connection.close()

    def test_conditional_get_and_put(self):
        status, fields, body = self.server.call("GET", "/products/mug")
        self.assertEqual(status, 200)
        tag = fields["ETag"]
        status, fields, body = self.server.call("GET", "/products/mug", headers={"If-None-Match": f'"none", {tag}'})
        self.assertEqual((status, body, fields["ETag"]), (304, b"", tag))
        status, fields, _ = self.server.call("PUT", "/products/mug", dict(MUG, description="new"), {"If-Match": tag})
        self.assertEqual(status, 200)
        self.assertNotEqual(fields["ETag"], tag)
        status, _, problem = self.server.call("PUT", "/products/mug", dict(MUG, description="newer"), {"If-Match": tag})
        self.assertEqual((status, problem["code"]), (412, "precondition_failed"))
        self.assertEqual(self.server.call("GET", "/products/mug")[2]["description"], "new")

    def test_head_has_the_fields_of_get_and_no_body(self):
        _, get, text = self.server.call("GET", "/products/mug")
        status, head, body = self.server.call("HEAD", "/products/mug")
        self.assertEqual((status, body), (200, b""))
        for name in ("Content-Type", "ETag", "Content-Length"):
            self.assertEqual(head[name], get[name])

    def test_options_names_the_methods(self):
        status, fields, _ = self.server.call("OPTIONS", "/products/mug")
        self.assertEqual(status, 204)
        self.assertLessEqual({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}, set(fields["Allow"].split(", ")))

    def test_gzip_where_asked(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        connection.request("GET", "/openapi.json", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        packed = answer.read()
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        self.assertIn("Accept-Encoding", answer.headers["Vary"])
        connection.request("GET", "/openapi.json", headers={"Accept-Encoding": "gzip;q=0"})
        answer = connection.getresponse()
        plain = answer.read()
        self.assertIsNone(answer.headers["Content-Encoding"])
        import gzip
        self.assertEqual(gzip.decompress(packed), plain)
        self.assertLess(len(packed), len(plain) / 2)
        connection.close()

    def test_pages_under_concurrent_inserts_hold_what_was_there(self):
        before = {f"page-{i:04}" for i in range(0, 200, 2)}
        for sku in before:
            self.server.call("PUT", f"/products/{sku}", MUG)
        stop = threading.Event()

        def insert():
            for i in range(1, 200, 2):
                if stop.is_set():
                    return
                self.server.call("PUT", f"/products/page-{i:04}", MUG)
        thread = threading.Thread(target=insert)
        thread.start()
        seen, cursor = [], None
        while True:
            status, fields, page = self.server.call("GET", "/products?limit=7" + (f"&cursor={cursor}" if cursor else ""))
            self.assertEqual(status, 200)
            seen += [item["sku"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
            self.assertIn('rel="next"', fields["Link"])
        stop.set()
        thread.join()
        self.assertEqual(len(seen), len(set(seen)))
        self.assertLessEqual(before, set(seen))

    def test_orders_page_newest_first_without_gap_or_repeat(self):
        placed = [self.server.call("POST", "/orders", ORDER)[2]["id"] for _ in range(25)]
        seen, cursor = [], None
        while len(seen) < 1000:
            _, _, page = self.server.call("GET", "/orders?limit=10" + (f"&cursor={cursor}" if cursor else ""))
            seen += [order["id"] for order in page["items"]]
            self.server.call("POST", "/orders", ORDER)
            cursor = page["next_cursor"]
            if cursor is None:
                break
        self.assertEqual(len(seen), len(set(seen)))
        self.assertLessEqual(set(placed), set(seen))

    def test_stream_of_a_finished_order_tells_it_once_and_ends(self):
        order = self.server.call("POST", "/orders", ORDER)[2]
        status, fields, found = events_of(self.server, order["id"])
        self.assertEqual((status, fields["Content-Type"].split(";")[0]), (200, "text/event-stream"))
        self.assertEqual([(version, seen["status"]) for version, seen in found][-1],
                         (found[-1][1]["version"], "COMPLETED"))
        version = found[-1][0]
        self.assertEqual(events_of(self.server, order["id"], {"Last-Event-ID": str(version)})[0], 204)
        self.assertEqual(len(events_of(self.server, order["id"], {"Last-Event-ID": str(version - 1)})[2]), 1)

    def test_curl_pastes_work(self):
        base = f"http://127.0.0.1:{self.server.port}"
        text = subprocess.run(["curl", "-sS", "--fail", f"{base}/orders", "-H", "Content-Type: application/json", "-d",
                               json.dumps(ORDER)], check=True, capture_output=True, timeout=20).stdout
        order = json.loads(text)
        text = subprocess.run(["curl", "-sS", "--fail", "--compressed", f"{base}/orders/{order['id']}"], check=True,
                              capture_output=True, timeout=20).stdout
        self.assertEqual(json.loads(text)["status"], "COMPLETED")
        text = subprocess.run(["curl", "-sS", "--http2", f"{base}/livez"], check=True, capture_output=True,
                              timeout=20).stdout
        self.assertTrue(text)


class Streams(unittest.TestCase):
    def test_stream_follows_an_order_and_resumes(self):
        with Server("--payment", "simulator:?latency_ms=700") as server:
            server.call("PUT", "/products/mug", MUG)
            server.call("POST", "/inventory/mug/receipts", {"quantity": 10})
            order = server.call("POST", "/orders", ORDER)[2]
            self.assertIn(order["status"], ("PENDING", "RESERVED"))
            _, _, first = events_of(server, order["id"], limit=1)
            _, _, rest = events_of(server, order["id"], {"Last-Event-ID": str(first[-1][0])})
            versions = [version for version, _ in first + rest]
            self.assertEqual(versions, sorted(set(versions)))
            self.assertEqual(rest[-1][1]["status"], "COMPLETED")

    def test_prefer_wait_waits_for_the_outcome(self):
        with Server("--payment", "simulator:?latency_ms=300") as server:
            server.call("PUT", "/products/mug", MUG)
            server.call("POST", "/inventory/mug/receipts", {"quantity": 10})
            status, fields, order = server.call("POST", "/orders", ORDER, {"Prefer": "wait=10"})
            self.assertEqual((status, order["status"]), (201, "COMPLETED"))
            self.assertEqual(fields["Preference-Applied"], "wait=10")

    def test_stream_resumes_over_a_restart(self):
        with Server("--payment", "none:") as server:
            server.call("PUT", "/products/mug", MUG)
            server.call("POST", "/inventory/mug/receipts", {"quantity": 10})
            order = server.call("POST", "/orders", ORDER)[2]
            _, _, first = events_of(server, order["id"], limit=1)
            server.kill()
            server.start()
            found = []
            thread = threading.Thread(target=lambda: found.extend(
                events_of(server, order["id"], {"Last-Event-ID": str(first[-1][0])})[2]))
            thread.start()
            status, _, cancelled = server.call("POST", f"/orders/{order['id']}/cancel", {"note": "changed my mind"})
            self.assertEqual((status, cancelled["status"]), (200, "CANCELLED"))
            thread.join(20)
            self.assertEqual(found[-1][1]["status"], "CANCELLED")
            self.assertGreater(found[0][0], first[-1][0])


if __name__ == "__main__":
    unittest.main()
