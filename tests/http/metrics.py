#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""/metrics of an aurorad and of a gateway: both formats as the official client's parsers read them, the same figures in
either, exemplars of sampled traces, and what docs/METRICS.md says of them."""

import pathlib
import re
import sys
import threading
import uuid

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_families
from prometheus_client.parser import text_string_to_metric_families as plain_families

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import metric_live  # noqa: E402
from aurora_server import Gateway, Server, until  # noqa: E402
from otlp_sink import Sink  # noqa: E402

OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
# As Prometheus 2.42 asks.
ACCEPT = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
          "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
# A page is not of one instant: these go on by themselves, or by the requests that look.
RESTLESS = re.compile(r"process_|aurora_(http|spans|log_records|batch|commit|store|upstream|commands|queue|events?|rows|timer)")
THREADS, ROUNDS = 4, 50


def expect(what, is_so, *seen):
    if not is_so:
        raise SystemExit(f"metrics: {what}: {seen}")


def page(server, accept):
    status, fields, text = server.raw("GET", "/metrics", headers={"Accept": accept} if accept else {})
    expect("200", status == 200, status)
    expect("Vary", "Accept" in fields.get_all("Vary"), fields.get_all("Vary"))
    return fields["Content-Type"], text.decode()


def samples(families):
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in families for sample in family.samples}


def both_formats_say_the_same(server):
    plain_type, plain = page(server, None)
    open_type, opened = page(server, ACCEPT)
    expect("types", (plain_type, open_type) == (PLAIN, OPEN), plain_type, open_type)
    expect("the end", opened.endswith("\n# EOF\n"), opened[-40:])
    expect("the type of text/plain", page(server, "text/plain")[0] == PLAIN)
    expect("the type of a browser's", page(server, "text/html,*/*;q=0.8")[0] == PLAIN)
    first, second = samples(plain_families(plain)), samples(open_families(opened))
    expect("many samples", len(first) > 100, len(first))
    expect("the same samples", not set(first) ^ set(second) - {key for key in set(first) ^ set(second) if RESTLESS.match(key[0])},
           sorted(set(first) ^ set(second))[:5])
    for key in set(first) & set(second):
        expect("the same value", RESTLESS.match(key[0]) or first[key] == second[key], key, first[key], second[key])
    return plain, opened


def histograms_agree(text):
    """Buckets grow, the last is the count, and durations have the one scale."""
    bounds = set()
    for family in open_families(text):
        series = {}
        for sample in family.samples:
            labels = tuple(sorted(item for item in sample.labels.items() if item[0] != "le"))
            series.setdefault(labels, []).append(sample)
        for labels, of in series.items():
            if family.type != "histogram":
                continue
            counts = [sample.value for sample in of if sample.name.endswith("_bucket")]
            expect("cumulative", counts == sorted(counts), family.name, labels)
            expect("the count", counts[-1] == next(s.value for s in of if s.name.endswith("_count")), family.name, labels)
            if family.name.endswith("_seconds"):
                bounds.add(tuple(float(s.labels["le"]) for s in of if s.name.endswith("_bucket")))
    expect("one scale", len(bounds) == 1, bounds)
    scale = [bound for bound in bounds.pop() if 0.001 <= bound <= 1]
    expect("fine from 1 ms to 1 s", len(scale) == 37 and all(b / a <= 1.251 for a, b in zip(scale, scale[1:])), scale)


def documented(server, what):
    """Some appear with the end of the first pass over the store."""
    found = []

    def agrees():
        found[:] = metric_live.objections(page(server, None)[1], what)
        return not found

    try:
        until("docs/METRICS.md", agrees)
    except SystemExit:
        expect("docs/METRICS.md", False, found)


def exemplars(sink):
    with Server("--otlp", sink.url, environment={"OTEL_BSP_SCHEDULE_DELAY": "50"}) as server:
        sampled, unsampled = uuid.uuid4().hex, uuid.uuid4().hex
        for trace, flags in ((sampled, "01"), (unsampled, "00")):
            server.raw("GET", "/products", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-{flags}"})

        def seen():
            return {sample.exemplar.labels["trace_id"]: sample for family in open_families(page(server, ACCEPT)[1])
                    for sample in family.samples if sample.exemplar}

        until("an exemplar", lambda: sampled in seen())
        sample = seen()[sampled]
        expect("of the request", (sample.name, sample.labels["route"]) == ("aurora_http_request_duration_seconds_bucket", "/products"),
               sample)
        expect("in its bucket", 0 < sample.exemplar.value <= float(sample.labels["le"]), sample)
        expect("of no trace that is not sampled", unsampled not in seen())
        expect("none in the other format", sampled not in page(server, None)[1])


def count_is_exact(server):
    """Whatever threads of the server the answers came from."""
    key = 'aurora_http_requests_total{method="GET",route="/products/{sku}",status="404"}'

    def ask():
        for _ in range(ROUNDS):
            server.raw("GET", "/products/none")

    askers = [threading.Thread(target=ask) for _ in range(THREADS)]
    for one in askers:
        one.start()
    for one in askers:
        one.join()
    until("every request is counted", lambda: server.metric(key) == THREADS * ROUNDS)
    for status in (500, 502, 503, 504):
        expect("failures begin at 0", server.metric(key.replace("404", str(status))) == 0, status)


def main():
    with Server("--rate-limit", "100000/1s") as server:
        count_is_exact(server)
        _, opened = both_formats_say_the_same(server)
        histograms_agree(opened)
        documented(server, "aurorad")
    with Gateway() as gateway:
        until("all are up", lambda: gateway.raw("GET", "/products")[0] == 200)
        histograms_agree(both_formats_say_the_same(gateway)[1])
        documented(gateway, "gateway")
        states = {sample.labels["state"]: sample.value for family in plain_families(page(gateway, None)[1])
                  for sample in family.samples
                  if sample.name == "aurora_breaker_state" and sample.labels["dependency"] == "product"}
        expect("a breaker", states == {"closed": 1, "half_open": 0, "open": 0}, states)
    sink = Sink()
    try:
        exemplars(sink)
    finally:
        sink.close()


if __name__ == "__main__":
    main()
