#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One order is one trace: its spans over the six daemons on its path, a span for each hop of the saga, each below the one
that caused it and linked to the batch that it was part of; completed and declined; and in an aurorad alone. Read back from
a strict receiver of our own and, where there is one (./dev up jaeger), from Jaeger, which gets the same bytes.

    trace_order.py cluster | single"""

import json
import os
import pathlib
import sys
import time
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_cluster import QUICK_KAFKA, System, take_environment  # noqa: E402
from aurora_server import Server  # noqa: E402
from otlp_sink import Sink, read_body  # noqa: E402

CALLER = "00f067aa0ba902b7"
SECONDS = 60

# A span a line, below the one that it is a child of: service, kind, name, and in brackets who took the event.
COMPLETED = """
gateway SERVER POST /orders
  gateway CLIENT POST
    order SERVER POST /orders
      order INTERNAL place order
        order PRODUCER send order.created
          inventory CONSUMER process order.created [inventory]
            inventory PRODUCER send inventory.reserved
              order CONSUMER process inventory.reserved [order]
              payment CONSUMER process inventory.reserved [payment]
                payment PRODUCER send payment.authorized
                  order CONSUMER process payment.authorized [order]
                    order PRODUCER send order.completed
                      inventory CONSUMER process order.completed [inventory]
                        inventory PRODUCER send inventory.committed
                          order CONSUMER process inventory.committed [order]
                      payment CONSUMER process order.completed [payment]
                        payment PRODUCER send payment.captured
                          order CONSUMER process payment.captured [order]
                      recommendation CONSUMER process order.completed [recommendation]
                        recommendation CONSUMER follow order.completed [trending]
                      notification CONSUMER process order.completed [notification]
                        notification CONSUMER follow order.completed [notification]
"""

DECLINED = """
gateway SERVER POST /orders
  gateway CLIENT POST
    order SERVER POST /orders
      order INTERNAL place order
        order PRODUCER send order.created
          inventory CONSUMER process order.created [inventory]
            inventory PRODUCER send inventory.reserved
              order CONSUMER process inventory.reserved [order]
              payment CONSUMER process inventory.reserved [payment]
                payment PRODUCER send payment.declined
                  order CONSUMER process payment.declined [order]
                    order PRODUCER send order.failed
                      inventory CONSUMER process order.failed [inventory]
                        inventory PRODUCER send inventory.released
                          order CONSUMER process inventory.released [order]
                      payment CONSUMER process order.failed [payment]
                        payment PRODUCER send payment.voided
                          order CONSUMER process payment.voided [order]
                      notification CONSUMER process order.failed [notification]
                        notification CONSUMER follow order.failed [notification]
"""

# In one process a hop is a step of the cascade, and all of it is one share of one commit.
ALONE = """
aurorad SERVER POST /orders
  aurorad INTERNAL place order
    aurorad INTERNAL process order.created [inventory]
      aurorad INTERNAL process inventory.reserved [order]
      aurorad INTERNAL process inventory.reserved [payment]
        aurorad INTERNAL process payment.authorized [order]
          aurorad INTERNAL process order.completed [inventory]
            aurorad INTERNAL process inventory.committed [order]
          aurorad INTERNAL process order.completed [payment]
            aurorad INTERNAL process payment.captured [order]
    aurorad CONSUMER follow order.completed [notification]
    aurorad CONSUMER follow order.completed [trending]
"""


def fail(*details):
    raise SystemExit("failed: " + "\n".join(str(one) for one in details))


def shape(text):
    """The tree as a sorted list of paths: what a span is, and what all those above it are."""
    paths, above = [], []
    for line in text.strip().splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        above = above[:depth] + [line.strip()]
        paths.append(tuple(above))
    return sorted(paths)


def label(span):
    taker = span["attributes"].get("aurora.follower") or span["attributes"].get("aurora.module")
    name = f"{span['service'].removeprefix('aurora-')} {span['kind']} {span['name']}"
    return f"{name} [{taker}]" if taker and not span["name"].startswith("send ") else name


def found_shape(spans):
    """The same of spans; what was told twice is one, as a relay that begins again repeats some."""
    by_id = {span["id"]: span for span in spans}

    def path(span):
        above = path(by_id[span["parent"]]) if span["parent"] in by_id else () if span["parent"] == CALLER else ("?",)
        return (*above, label(span))
    return sorted(path(span) for span in by_id.values())


def is_disturbed(spans):
    """Whether a busy machine has added to it: a request sent again, an event that was repeated."""
    calls = [span for span in spans if span["kind"] == "CLIENT"]
    return len(calls) > 1 or any(span["attributes"].get("aurora.resend") or span["name"] == "time order" or
                                 span["attributes"].get("aurora.result") == "duplicate" for span in spans)


def check_batches(spans, trace):
    """Each command and record of the trace is linked to a batch of its service, whose span is linked to it."""
    batches = {(span["trace"], span["id"]): span for span in spans if span["name"] == "batch"}
    for span in spans:
        if span["trace"] != trace or not (span["name"] == "place order" or
                                          span["kind"] == "CONSUMER" and span["name"].startswith("process ")):
            continue
        linked = [batches[link] for link in span["links"] if link in batches]
        if len(linked) != 1 or linked[0]["service"] != span["service"] or (trace, span["id"]) not in linked[0]["links"]:
            fail("not linked to its batch", span, linked)
        if not linked[0]["start"] - 2_000_000_000 <= span["end"] <= linked[0]["end"] + 2_000_000_000:
            fail("its batch was at another time", span, linked)


def check_order(spans, order):
    """All spans of the library name the order, none has failed, and none ends before it began."""
    for span in spans:
        if span["kind"] not in ("SERVER", "CLIENT") and span["attributes"].get("aurora.order.id") != order["id"]:
            fail("names no order", span)
        if span["status"] == 2 or "error.type" in span["attributes"]:
            fail("an error", span)


class Jaeger:
    """Where it takes spans, and where it shows them."""

    def __init__(self, urls):
        self.takes, self.shows = urls.split()

    @staticmethod
    def without_remarks(result):
        """What it says itself of spans: that a parent, the test's own, is not there."""
        for group in result["resourceSpans"]:
            for scope in group["scopeSpans"]:
                for span in scope["spans"]:
                    span["attributes"] = [item for item in span.get("attributes", []) if not item["key"].startswith("@jaeger@")]
        return result

    def read(self, trace):
        try:
            with urllib.request.urlopen(f"{self.shows}/api/v3/traces/{trace}", timeout=30) as answer:
                return read_body(json.dumps(self.without_remarks(json.loads(answer.read())["result"])))
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []
            raise


def await_tree(what, trace, wanted, read):
    """The trace's spans, once they are the tree; None where they are disturbed."""
    wanted, end, spans = shape(wanted), time.monotonic() + SECONDS, []
    while time.monotonic() < end:
        spans = [span for span in read() if span["trace"] == trace]
        if found_shape(spans) == wanted:
            return spans
        if is_disturbed(spans):
            return None
        time.sleep(0.1)
    found = found_shape(spans)
    fail(f"{what}: trace {trace} has {len(found)} of {len(wanted)} spans",
         "missing:", *[path for path in wanted if path not in found],
         "too many:", *[path for path in found if path not in wanted])


def follow_order(what, wanted, sink, jaeger, place):
    """Places an order in a trace of its own and reads it back; again where the machine was too busy for a plain one."""
    for _ in range(4):
        trace = uuid.uuid4().hex
        order = place({"Idempotency-Key": uuid.uuid4().hex, "traceparent": f"00-{trace}-{CALLER}-01", "Prefer": "wait=20"})
        spans = await_tree(f"{what}, sink", trace, wanted, lambda: list(sink.spans))
        if spans is None:
            continue
        if sink.errors:
            fail(what, "broken", sink.errors)
        check_order(spans, order)
        sink.wait(lambda all_spans: len([span for span in all_spans if span["name"] == "batch"]) > 0)
        time.sleep(0.3)  # the batches' own spans come right after their commands'
        check_batches(list(sink.spans), trace)
        if jaeger:
            seen = await_tree(f"{what}, Jaeger", trace, wanted, lambda: jaeger.read(trace))
            links = {span["id"]: sorted(span["links"]) for span in spans}
            if {span["id"]: sorted(span["links"]) for span in seen or []} != links:
                fail(what, "Jaeger has other links", seen, links)
        return trace
    return fail(what, "never undisturbed")


def cluster(engines, sink, jaeger):
    # Only what is asked for is traced: trace_sample is for those who do not ask.
    settings = f"otlp = {sink.url}\ntrace_sample = 0\ntrace_slow = 0s\n"
    with System(engines, settings=settings, kafka=QUICK_KAFKA) as system:
        system.sell("mug", 100)
        system.settled(system.place("tok_approve", wait=20), "COMPLETED")

        def placing(token, status):
            def place(headers):
                code, _, order = system.call("POST", "/orders", system.order(token), headers)
                system.expect((code, order.get("status")) == (201, status), code, order)
                return order
            return place
        follow_order("completed", COMPLETED, sink, jaeger, placing("tok_approve", "COMPLETED"))
        follow_order("declined", DECLINED, sink, jaeger, placing("tok_decline", "FAILED"))
        others = {span["trace"] for span in sink.spans if span["kind"] == "SERVER" and span["flags"] & 1 == 0}
        system.expect(not others, "nobody asked for these", others)
        system.end()


def single(_, sink, jaeger):
    url = jaeger.takes if jaeger else sink.url
    for target in {sink.url, url}:
        tree_source = sink if target == sink.url else None
        with Server("--otlp", target, environment={"OTEL_BSP_SCHEDULE_DELAY": "100"}) as server:
            server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1250, "currency": "EUR"})
            server.call("POST", "/inventory/mug/receipts", {"quantity": 50}, {"Idempotency-Key": "a"})

            def place(headers):
                body = {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}
                status, _, order = server.call("POST", "/orders", body, headers)
                if status != 201:
                    fail(status, order)
                return order
            if tree_source:
                follow_order("aurorad", ALONE, sink, None, place)
                continue
            trace = uuid.uuid4().hex
            place({"traceparent": f"00-{trace}-{CALLER}-01"})
            await_tree("aurorad, Jaeger", trace, ALONE, lambda: jaeger.read(trace))


def main():
    what = sys.argv[1]
    engines = take_environment()
    jaeger = Jaeger(os.environ["AURORA_TEST_JAEGER"]) if os.environ.get("AURORA_TEST_JAEGER") else None
    with Sink(forward=jaeger.takes if jaeger and what == "cluster" else None) as sink:
        {"cluster": cluster, "single": single}[what](engines, sink, jaeger)
    where = "a receiver of our own and Jaeger" if jaeger else "a receiver of our own (not Jaeger: AURORA_TEST_JAEGER is not set)"
    print(f"trace_order {what}: each order is one trace, read back from {where}")


if __name__ == "__main__":
    main()
