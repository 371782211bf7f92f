#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sends every request of malformed.txt to a server of its own and compares status, code and place with the table; then
all of it again, to see that nothing leaks. malformed.py [NAME...] sends only those."""

import json
import pathlib
import re
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server, signed_fields, signature, SCOPES  # noqa: E402

TABLE = pathlib.Path(__file__).with_name("malformed.txt")
REPEAT = re.compile(r'\{"((?:[^"\\]|\\.)*)" \* (\d+)\}')
ESCAPE = re.compile(rb'\\(x[0-9a-f]{2}|[rnt0\\"])')
SIMPLE = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\", b'"': b'"'}
SECRET = "a secret of at least thirty-two bytes"
SECONDS_MAX = 5


def unescape(text):
    text = REPEAT.sub(lambda match: match.group(1).replace('\\"', '"') * int(match.group(2)), text)
    return ESCAPE.sub(lambda match: bytes.fromhex(match.group(1)[1:].decode()) if match.group(1)[:1] == b"x"
                      else SIMPLE[match.group(1)], text.encode())


def rows():
    section = None
    for number, line in enumerate(TABLE.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif line and not line.startswith("#"):
            cells = [cell.strip() for cell in re.split(r"\s\|(?=\s)", line)]
            if len(cells) != 7:
                raise SystemExit(f"{TABLE.name}:{number}: {len(cells)} columns, not 7")
            yield (section, *cells)


def read_answer(sock):
    """(status, fields, body); status 0 = closed without an answer."""
    data = b""
    sock.settimeout(SECONDS_MAX)
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return 0, {}, data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    status = int(lines[0].split(" ")[1])
    if status == 100:
        sock_rest = body
        raise SystemExit(f"unexpected 100: {sock_rest!r}")
    length = int(fields.get("content-length", 0))
    while len(body) < length:
        piece = sock.recv(65536)
        if not piece:
            break
        body += piece
    return status, fields, body[:length]


def request_bytes(server, section, request, headers, body):
    if request == "RAW":
        return body
    method, _, target = request.partition(" ")
    target = unescape(target).decode("latin-1")
    fields = [("Host", f"127.0.0.1:{server.port}"), ("Connection", "close")]
    if method in ("POST", "PUT", "PATCH"):
        fields.append(("Content-Type", "application/json"))
    if body or method in ("POST", "PUT", "PATCH"):
        fields.append(("Content-Length", str(len(body))))
    given = [(name.strip(), unescape(value.strip()).decode("latin-1"))
             for name, _, value in (part.partition(":") for part in headers.split(";;") if part)]
    if section == "signed":
        options = {name: value for name, value in given if name == name.lower()}
        given = [(name, value) for name, value in given if name != name.lower()]
        if "unsigned" not in options:
            path, _, query = target.partition("?")
            signed = signed_fields(server.secret, method, target, body, "alice", options.get("as", SCOPES),
                                   int(options.get("deadline", 60000)))
            if options.keys() & {"signed-path", "signed-query", "signed-body"}:
                signed["Aurora-Signature"] = signature(
                    server.secret, method, options.get("signed-path", path), options.get("signed-query", query),
                    options.get("signed-body", body.decode()).encode(), "alice", signed["Aurora-Scopes"],
                    signed["Aurora-Deadline"])
            fields += signed.items()
    replaced = {name.lower() for name, _ in given}
    fields = [(name, value) for name, value in fields if name.lower() not in replaced]
    fields += [(name, value) for name, value in given if value]
    head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
    return head.encode("latin-1") + body


def send(server, data):
    with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS_MAX) as sock:
        try:
            sock.sendall(data)
            return read_answer(sock)
        except (BrokenPipeError, ConnectionResetError):
            try:
                return read_answer(sock)
            except OSError:
                return 0, {}, b"reset"
        except TimeoutError:
            return -1, {}, b"no answer in time"


def complaint(row, status, fields, body):
    _, _, _, _, _, expected, code, place = row
    if status != int(expected):
        return f"status {status}, expected {expected}: {body[:200]!r}"
    if fields.get("content-type", "").split(";")[0] != "application/problem+json":
        return f"content type {fields.get('content-type')!r}"
    try:
        problem = json.loads(body)
    except ValueError:
        return f"not JSON: {body[:200]!r}"
    for name in ("type", "title", "status", "code", "trace_id"):
        if name not in problem:
            return f"no {name}: {problem}"
    if problem["status"] != status or problem["code"] != code:
        return f"code {problem['code']}, expected {code}: {problem}"
    if place == "-":
        return None
    kind, _, name = place.partition(":")
    name = "" if name == "root" else name
    for error in problem.get("errors", []):
        if error.get(kind, "").lower() == name.lower() if kind == "header" else error.get(kind) == name:
            return None if error.get("detail") else f"no detail: {problem}"
    return f"place {place} is not in {problem.get('errors')}"


def prepare(server):
    """The things that rows refer to."""
    def must(status, answer):
        if answer[0] != status:
            raise SystemExit(f"preparing: {answer[0]} {answer[2]}")
        return answer[2]
    for sku in ("mug", "pen"):
        must(201, server.call("PUT", f"/products/{sku}", {"name": sku, "price_minor": 1250, "currency": "EUR"}))
    must(201, server.call("POST", "/inventory/mug/receipts", {"quantity": 1000}))
    order = {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}
    ids = {"order": must(201, server.call("POST", "/orders", order))["id"]}
    ids["failed"] = must(201, server.call("POST", "/orders", dict(order, payment_method="tok_decline")))["id"]
    ids["other"] = must(201, server.call("POST", "/orders", order, principal="bob"))["id"]
    if server.secret:
        must(201, server.call("POST", "/orders", order, headers={"Idempotency-Key": "used"}))
        must(201, server.call("POST", "/orders", dict(order, reference="taken")))
    ids["cursor"] = must(200, server.call("GET", "/orders?limit=1"))["next_cursor"]
    return ids


def run(server, section, names):
    ids = prepare(server)
    table = [row for row in rows() if row[0] == section and (not names or row[1] in names)]
    failures = []
    for turn in range(1 if names else 3):
        for row in table:
            _, name, request, headers, body, *_ = row
            for key, value in ids.items():
                request, body = request.replace("{" + key + "}", value), body.replace("{" + key + "}", value)
            begin = time.monotonic()
            why = complaint(row, *send(server, request_bytes(server, section, request, headers, unescape(body))))
            if why is None and time.monotonic() - begin > SECONDS_MAX:
                why = f"took {time.monotonic() - begin:.1f} s"
            if why and turn == 0:
                failures.append(f"[{section}] {name}: {why}")
        if turn == 0:
            resident, descriptors = server.resident_kib(), server.descriptors()
    if not names:
        end = time.monotonic() + 10
        while server.descriptors() > descriptors + 2 and time.monotonic() < end:
            time.sleep(0.05)
        if server.descriptors() > descriptors + 2:
            failures.append(f"[{section}] descriptors grew from {descriptors} to {server.descriptors()}")
        if server.resident_kib() > resident + 4096:
            failures.append(f"[{section}] resident memory grew from {resident} to {server.resident_kib()} KiB")
    if server.call("GET", "/livez")[0] != 200:
        failures.append(f"[{section}] the server is not alive afterwards")
    return len(table), failures


def main():
    names = sys.argv[1:]
    count, failures = 0, []
    for section, secret in (("open", ""), ("signed", SECRET)):
        with Server("--core-dumps", "true", secret=secret) as server:
            sent, found = run(server, section, names)
            count += sent
            failures += found
    print("\n".join(failures))
    print(f"malformed: {count} requests, {len(failures)} complaints")
    if count == 0:
        raise SystemExit("no such row")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
