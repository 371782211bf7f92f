#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The log of a running daemon, line by line: each is one JSON object with known fields of the right kind, a request's line
has the trace that its answer tells, levels change by component at run time also inside of the library, repeats are cut and
counted, secrets that strangers send are not in it, a reader that stalls holds up no request, and on a terminal a person can
read it.

Mutations: service/log.c without span_id; watch.c without the tick; reload.c without aurora_log_set_level; log_line.c without
the redaction; log_writer.c with writes that wait on the caller's thread."""

import datetime
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import BIN, Server, free_port, until, whole_lines  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEVERITIES = {"DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}
COMPONENTS = set(re.findall(r"^ +X\((\w+)\)", (ROOT / "src/service/log_levels.h").read_text(), re.MULTILINE))
TEXT, COUNT = str, int
FIELDS = {
    "timestamp": TEXT, "severity": TEXT, "severity_number": COUNT, "body": TEXT, "component": TEXT,
    "trace_id": TEXT, "span_id": TEXT, "trace_flags": TEXT, "service.name": TEXT, "service.version": TEXT,
    "http.request.method": TEXT, "http.route": TEXT, "url.path": TEXT, "http.response.status_code": COUNT,
    "error.type": TEXT, "duration_us": COUNT, "http.request.body.size": COUNT, "http.response.body.size": COUNT,
    "client.address": TEXT, "enduser.id": TEXT, "aurora.order.id": TEXT, "aurora.participant": TEXT,
    "aurora.reason": TEXT, "aurora.result": TEXT, "aurora.from": TEXT, "aurora.to": TEXT, "aurora.key": TEXT,
    "aurora.dead_letters": COUNT, "aurora.batch.size": COUNT, "aurora.batch.events": COUNT, "suppressed": COUNT,
    "dropped": COUNT,
}
ALWAYS = ("timestamp", "severity", "severity_number", "body", "service.name", "service.version")
OF_REQUEST = ("http.request.method", "url.path", "http.response.status_code", "duration_us", "http.request.body.size",
              "http.response.body.size", "client.address", "trace_id", "span_id", "trace_flags")
ORDER = {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}


def check(is_so, what):
    if not is_so:
        raise SystemExit(f"failed: {what}")


def no_twice(pairs):
    names = [name for name, _ in pairs]
    check(len(names) == len(set(names)), f"a field stands twice: {names}")
    return dict(pairs)


def check_line(line):
    for name in ALWAYS:
        check(name in line, f"no {name}: {line}")
    for name, value in line.items():
        check(name in FIELDS, f"docs/LOGS.md knows no field {name}: {line}")
        check(type(value) is FIELDS[name], f"{name} is of another kind: {line}")
    stamp = line["timestamp"]
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", stamp), line)
    now = datetime.datetime.now(datetime.timezone.utc)
    age = now - datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    check(abs(age.total_seconds()) < 600, f"the time is wrong: {line}")
    check(SEVERITIES[line["severity"]] == line["severity_number"], line)
    check(line.get("component", "http") in COMPONENTS, f"log_levels.h knows no such component: {line}")
    if "trace_id" in line:
        check(re.fullmatch("[0-9a-f]{32}", line["trace_id"]) and set(line["trace_id"]) != {"0"}, line)
        check(re.fullmatch("[0-9a-f]{16}", line["span_id"]) and set(line["span_id"]) != {"0"}, line)
        check(line["trace_flags"] in ("00", "01", "02", "03"), line)
    if "http.request.method" in line:
        check(all(name in line for name in OF_REQUEST), f"a request's line lacks a field: {line}")
        check(line["body"] == f"{line['http.request.method']} {line.get('http.route', '(no route)')} "
                              f"{line['http.response.status_code']}", line)


def lines_of(text):
    lines = []
    for row in whole_lines(text):
        check(len(row) < 8192, f"a line of {len(row)} bytes")
        lines.append(json.loads(row, object_pairs_hook=no_twice))
        check_line(lines[-1])
    return lines


def bodies(server):
    return [json.loads(row)["body"] for row in whole_lines(server.log_text())]


def await_body(server, part):
    return until(part, lambda: [body for body in bodies(server) if part in body])


def order(server, token="tok_approve", headers=None):
    status, fields, body = server.call("POST", "/orders", dict(ORDER, payment_method=token),
                                       dict({"Prefer": "wait=10"}, **(headers or {})))
    check(status == 201, body)
    return fields, body


def stock_up(server):
    check(server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 100, "currency": "EUR"})[0] == 201, "put")
    check(server.call("POST", "/inventory/mug/receipts", {"quantity": 1000})[0] == 201, "receipt")


# --- fields, traces, secrets, levels -----------------------------------------------------------------------------------

SECRETS = ("ada.l@example.org", "4242424242424242", "4242-4242-4242-4242",
           "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl")


def hup(server, settings, expected):
    before = len(bodies(server))
    (pathlib.Path(server.folder.name) / "a.ini").write_text(settings)
    server.process.send_signal(signal.SIGHUP)
    until(expected, lambda: [body for body in bodies(server)[before:] if expected in body])


def check_fields(server):
    stock_up(server)
    for token in ("tok_approve", "tok_decline"):
        order(server, token)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    _, placed = order(server, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    for secret in SECRETS:
        for target in (f"/products/{secret}", f"/inventory/{secret}", f"/search?q={secret}"):
            server.call("GET", target)
        server.call("GET", "/orders", headers={"Authorization": f"Bearer {secret}", "X-Card": secret})
        server.call("POST", "/orders", dict(ORDER, contact=secret, metadata={"note": secret}))
    for target in ("/products/%e2%98%83", "/nowhere", "/products/" + "x" * 9000, "/orders/nix", "/products/%22%5c%0a"):
        server.call("GET", target)
    status, _, problem = server.call("POST", "/orders", {"lines": []})
    check(status == 400 or status == 422, problem)
    lines = until("the request's line", lambda: [
        found for found in [lines_of(server.log_text())]
        if any(line.get("trace_id") == problem["trace_id"] for line in found)])[0]
    found = [line for line in lines if line.get("trace_id") == problem["trace_id"]]
    check(len(found) == 1 and found[0]["error.type"] == problem["code"] and found[0]["component"] == "http", found)
    found = [line for line in lines if line.get("trace_id") == trace and line.get("http.route") == "/orders"]
    check(len(found) == 1 and found[0]["trace_flags"] == "01", f"the caller's trace: {found}")
    check(found[0]["span_id"] != "00f067aa0ba902b7", "the span is the caller's, not the server's")
    until("a notification", lambda: [line for line in lines_of(server.log_text()) if line.get("component") == "notification"
                                     and line.get("aurora.order.id") == placed["id"]])


def check_levels(server):
    hup(server, "log_level = info,htpp=debug\n", 'log_level has no component "htpp": is "http" meant?')
    hup(server, "log_level = info,http=loud\n", 'must be debug, info, warning or error for http, not "loud"')
    check(not [body for body in bodies(server) if re.match("order .* is COMPLETED", body)], "DEBUG before it is asked for")
    hup(server, "log_level = info,http=warning,saga=debug\n", "log_level is info,http=warning,saga=debug")
    until("the settings", lambda: "settings are read again" in server.log_text())
    marks = server.log_text().rfind("\n") + 1
    trace = "4bf92f3577b34da6a3ce929d0e0e4737"
    _, placed = order(server, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    await_body(server, f"order {placed['id']} is COMPLETED")
    lines = lines_of(server.log_text()[marks:])
    found = [line for line in lines if line["severity"] == "DEBUG"]
    check(found and all(line["component"] == "saga" for line in found), found)
    mine = [line for line in found if line.get("aurora.order.id") == placed["id"]]
    check(mine and mine[0]["trace_id"] == trace and mine[0]["aurora.to"] == "COMPLETED", mine)
    check(not [line for line in lines if "http.request.method" in line], "http=warning lets requests through")
    hup(server, "log_level = info\n", "log_level is info ")


def configured(*arguments):
    """One whose file may be changed."""
    server = Server("--log-format", "json", *arguments)
    file = pathlib.Path(server.folder.name) / "a.ini"
    file.write_text("")
    server.arguments += ("--config", str(file))
    return server


def run_json():
    with configured() as server:
        check_fields(server)
        check_levels(server)
        server.stop()
        text = server.log_text()
    lines = lines_of(text)
    for secret in SECRETS:
        check(secret not in text, f"{secret} stands in the log")
    check("[email]" in text and "[card]" in text and "[secret]" in text, "nothing was hidden")
    check(lines[-1]["body"] == "all requests are answered", lines[-1])
    check(all(line["service.name"] == "aurorad" for line in lines), "service.name")


# --- repeats -----------------------------------------------------------------------------------------------------------

def run_repeats():
    """Bad settings, again and again, are told by SIGHUP at ERROR."""
    with configured("--log-repeats", "3") as server:
        times = 8
        at_start = server.metric("aurora_log_suppressed_total")  # a new store tells of each step of its schema
        for i in range(times):
            (pathlib.Path(server.folder.name) / "a.ini").write_text(f"queue_max = {'x' * (i + 1)}{i}\n")
            before = server.metric("aurora_log_suppressed_total") + len(bodies(server))
            server.process.send_signal(signal.SIGHUP)
            until("the reload", lambda: server.metric("aurora_log_suppressed_total") + len(bodies(server)) > before)
        (pathlib.Path(server.folder.name) / "a.ini").write_text("")
        check(len([body for body in bodies(server) if body.startswith("nothing is changed")]) == 3, bodies(server))
        told = await_body(server, f"{times - 3} more like this in 10 s: nothing is changed")
        line = [line for line in lines_of(server.log_text()) if line["body"] == told[0]][0]
        check(line["suppressed"] == times - 3 and line["severity"] == "ERROR" and line["component"] == "config", line)
        check(server.metric("aurora_log_suppressed_total") == at_start + times - 3, "aurora_log_suppressed_total")
        check(server.metric('aurora_log_records_total{severity="ERROR"}') == 4, "aurora_log_records_total")
        check(server.metric("aurora_log_dropped_total") == 0, "aurora_log_dropped_total")


# --- whoever reads it --------------------------------------------------------------------------------------------------

def spawn(folder, port, out, *arguments, environment=None):
    return subprocess.Popen([str(BIN / "aurorad"), "--store", "memory:", "--listen", f"127.0.0.1:{port}", *arguments],
                            stdin=subprocess.DEVNULL, stdout=out, env=environment, cwd=folder)


def run_stalled(folder):
    """Nobody reads the pipe: all is answered, and once somebody does the loss is told."""
    read_end, write_end = os.pipe()
    server = Server("--log-format", "json")
    process = spawn(folder, server.port, write_end, "--log-format", "json")
    os.close(write_end)
    try:
        until("livez", lambda: answers(server))
        for _ in range(3000):
            check(server.call("GET", "/" + "x" * 500, timeout=10)[0] == 404, "an answer")
        check(server.metric("aurora_log_dropped_total") > 0, "nothing was dropped: the test needs more lines")
        text = b""
        end = time.monotonic() + 20
        while b'"dropped":' not in text and time.monotonic() < end:
            text += os.read(read_end, 65536)
        found = [line for line in lines_of(text.decode()) if "dropped" in line]
        check(found and found[0]["component"] == "log" and found[0]["dropped"] > 0, "the loss is not told")
    finally:
        process.terminate()
        os.close(read_end)
        check(process.wait(20) == 0, "the end")


def answers(server):
    try:
        return server.call("GET", "/livez")[0] == 200
    except OSError:
        return False


def on_terminal(folder, **environment):
    """What a person sees of a start, a request and an end."""
    master, slave = pty.openpty()
    server = Server(port=free_port())
    process = spawn(folder, server.port, slave, environment=dict(
        {name: value for name, value in os.environ.items() if name != "NO_COLOR"}, TERM="xterm", TZ="UTC-5", **environment))
    os.close(slave)
    try:
        until("livez", lambda: answers(server))
        stock_up(server)
        server.call("GET", "/products/%1b%5b31mred")
        server.call("GET", "/orders/nix")
    finally:
        process.terminate()
        check(process.wait(20) == 0, "the end")
    text = b""
    try:
        while piece := os.read(master, 65536):
            text += piece
    except OSError:
        pass  # the other end is closed
    os.close(master)
    return text.decode()


def run_terminal(folder):
    colored = on_terminal(folder)
    plain = on_terminal(folder, NO_COLOR="1")
    check("\x1b[" not in plain and plain.isprintable() or set(re.sub(r"[\x20-\x7e]", "", plain)) <= {"\r", "\n"}, repr(plain))
    check("\x1b[32mINFO " in colored, repr(colored))
    hour = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=5)).hour
    rows = plain.replace("\r\n", "\n").splitlines()
    for row in rows:
        check(re.match(r"\d\d:\d\d:\d\d\.\d{3} (DEBUG|INFO |WARN |ERROR|FATAL) [a-z]+ ", row), f"not readable: {row!r}")
        check(row.startswith(f"{hour:02}:") or row.startswith(f"{(hour - 1) % 24:02}:"), f"not the local time: {row!r}")
    check(any(re.fullmatch(r"\S+ INFO  http         PUT /products/mug 201 \d+(\.\d+)?m?s", row) for row in rows), rows)
    check(any(re.fullmatch(r"\S+ INFO  http         GET /orders/nix 404 \S+ error=not_found", row) for row in rows), rows)
    check(any(re.search(r" INFO  aurorad      listening on http://", row) for row in rows), rows)
    check(len({re.search(r"(?:INFO |WARN ) \S+ +", row).end() for row in rows if " notification" not in row}) == 1,
          f"messages do not begin in one column: {rows}")


def main():
    import tempfile

    with tempfile.TemporaryDirectory(prefix="aurora-logs-") as folder:
        os.chdir(folder)
        run_json()
        run_repeats()
        run_stalled(folder)
        run_terminal(folder)
    print("logs: fields, traces, secrets, levels, repeats, a reader that stalls and a terminal: as docs/LOGS.md says")


if __name__ == "__main__":
    BIN = BIN.resolve()
    main()
