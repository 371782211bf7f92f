#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A receiver of OTLP/HTTP in JSON that forgives nothing: what breaks the rules of the format is
answered 400 and kept in .errors. It keeps each span with its links and its resource.

    with Sink() as sink:
        ... a daemon with --otlp sink.url ...
        spans = sink.wait(lambda spans: len(spans) >= 3)

sink.answer, if set, is called with the number of the request and gives (status, fields, body), or
None for an ordinary answer; sink.pause is slept before each answer. With `forward`, another
collector's URL, it gets each request as it came, and its answer is ours."""

import gzip
import http.server
import json
import re
import threading
import time
import urllib.error
import urllib.request

HEX = {16: re.compile(r"[0-9a-f]{16}"), 32: re.compile(r"[0-9a-f]{32}")}
DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)")
KINDS = {1: "INTERNAL", 2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER"}
SPAN = {"traceId", "spanId", "parentSpanId", "traceState", "flags", "name", "kind", "startTimeUnixNano",
        "endTimeUnixNano", "attributes", "droppedAttributesCount", "events", "droppedEventsCount", "links",
        "droppedLinksCount", "status"}


class Broken(Exception):
    pass


def must(what, *seen):
    if not what:
        raise Broken(" ".join(str(one) for one in seen))


def members(value, allowed, where):
    must(isinstance(value, dict), where, "is no object:", value)
    must(set(value) <= allowed, where, "has", set(value) - allowed)
    return value


def identity(text, digits, where):
    must(isinstance(text, str) and HEX[digits].fullmatch(text) and set(text) != {"0"}, where, "is", text)
    return text


def integer64(text, where):
    must(isinstance(text, str) and DECIMAL.fullmatch(text), where, "must be a decimal text, is", repr(text))
    must(-2**63 <= int(text) < 2**63, where, "is", text)
    return int(text)


def whole(value, where):
    must(isinstance(value, int) and not isinstance(value, bool), where, "must be a number, is", repr(value))
    return value


def attributes(items, where):
    found = {}
    must(isinstance(items, list), where, "is no list")
    for item in items:
        members(item, {"key", "value"}, where)
        key, value = item["key"], item["value"]
        must(isinstance(key, str) and key and key not in found, where, "key", key)
        must(isinstance(value, dict) and len(value) == 1, where, key, value)
        kind, inner = next(iter(value.items()))
        if kind == "intValue":
            inner = integer64(inner, key)
        else:
            kinds = {"stringValue": str, "boolValue": bool, "doubleValue": (int, float)}
            must(kind in kinds and isinstance(inner, kinds[kind]), where, key, value)
        found[key] = inner
    return found


def span(item, resource):
    members(item, SPAN, "span")
    read = {"trace": identity(item["traceId"], 32, "traceId"), "id": identity(item["spanId"], 16, "spanId"),
            "parent": identity(item["parentSpanId"], 16, "parentSpanId") if "parentSpanId" in item else None,
            "name": item["name"], "kind": KINDS.get(whole(item["kind"], "kind")), "resource": resource,
            "service": resource["service.name"], "flags": whole(item.get("flags", 0), "flags"),
            "start": integer64(item["startTimeUnixNano"], "start"), "end": integer64(item["endTimeUnixNano"], "end"),
            "attributes": attributes(item.get("attributes", []), item["name"]),
            "links": [], "status": 0, "message": ""}
    must(isinstance(read["name"], str) and read["name"], "name", item)
    must(read["kind"], "kind", item["kind"])
    must(10**18 < read["start"] <= read["end"], "times of", item)
    for link in item.get("links", []):
        members(link, {"traceId", "spanId", "traceState", "attributes", "flags"}, "link")
        read["links"].append((identity(link["traceId"], 32, "link"), identity(link["spanId"], 16, "link")))
    if "status" in item:
        members(item["status"], {"code", "message"}, "status")
        read["status"] = whole(item["status"].get("code", 0), "status.code")
        read["message"] = item["status"].get("message", "")
        must(read["status"] in (0, 1, 2), "status", item["status"])
    return read


def read_body(body):
    spans = []
    for group in members(json.loads(body), {"resourceSpans"}, "request")["resourceSpans"]:
        members(group, {"resource", "scopeSpans", "schemaUrl"}, "resourceSpans")
        members(group["resource"], {"attributes", "droppedAttributesCount"}, "resource")
        resource = attributes(group["resource"]["attributes"], "resource")
        must(resource.get("service.name"), "resource without service.name:", resource)
        for scope in group["scopeSpans"]:
            members(scope, {"scope", "spans", "schemaUrl"}, "scopeSpans")
            members(scope["scope"], {"name", "version", "attributes"}, "scope")
            must(isinstance(scope["spans"], list) and scope["spans"], "no spans")
            spans += [span(item, resource) for item in scope["spans"]]
    return spans


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def take(self, body):
        must(self.path == self.server.sink.path, "path", self.path)
        must(self.headers.get("Content-Type") == "application/json", "type", self.headers.get("Content-Type"))
        coding = self.headers.get("Content-Encoding")
        must(coding in (None, "gzip"), "coding", coding)
        return read_body(gzip.decompress(body) if coding else body)

    def pass_on(self, body):
        fields = {name: self.headers[name] for name in ("Content-Type", "Content-Encoding") if name in self.headers}
        request = urllib.request.Request(self.server.sink.forward + self.path, body, fields, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, {}, answer.read()
        except urllib.error.HTTPError as error:
            raise Broken(f"{error.code} of {request.full_url}: {error.read()[:300]}") from error

    def do_POST(self):
        sink = self.server.sink
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with sink.changed:
            number = sink.requests = sink.requests + 1
            sink.headers.append(dict(self.headers))
        time.sleep(sink.pause)
        answer = sink.answer(number) if sink.answer else None
        if answer is None:
            try:
                spans = self.take(body)
                answer = self.pass_on(body) if sink.forward else (200, {}, b'{"partialSuccess":{}}')
                with sink.changed:
                    sink.spans += spans
                    sink.changed.notify_all()
            except (Broken, KeyError, TypeError, ValueError, OSError) as error:
                sink.errors.append(f"{type(error).__name__}: {error}")
                answer = (400, {}, b"{}")
        status, fields, text = answer
        try:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(text)), **fields}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text)
        except OSError:
            pass


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # a daemon that ends or is killed breaks its connection


class Sink:
    def __init__(self, port=0, path="/v1/traces", forward=None):
        self.path, self.pause, self.answer, self.forward = path, 0, None, forward
        self.spans, self.errors, self.headers, self.requests = [], [], [], 0
        self.changed = threading.Condition()
        self.server = Quiet(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.server.sink = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def wait(self, enough, seconds=30):
        """The spans once enough(spans); fails after that many seconds, or at once for broken ones."""
        end = time.monotonic() + seconds
        with self.changed:
            while not enough(self.spans):
                if self.errors or time.monotonic() > end:
                    raise AssertionError(f"{len(self.spans)} spans, not enough; broken: {self.errors[:3]}")
                self.changed.wait(0.2)
            return list(self.spans)
