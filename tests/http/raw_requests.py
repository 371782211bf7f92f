#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S6, S7, S8: every row of raw_requests.txt to a gateway, to nginx and to HAProxy, each before a server that takes all.
The gateway's verdict is the table's, what arrives behind it is canonical, and where nginx or HAProxy accept what we refuse,
or refuse what we accept, docs/SECURITY.md says why: a difference that it does not explain is a failure, and so is an
explanation of one that is gone. (integration/raw_requests sends the same rows cut at every byte.)

raw_requests.py [NAME...]   only those rows, with what each server made of them
raw_requests.py --corpus FOLDER   writes the rows as seeds for ./dev fuzz gate

Mutation: have copy_fields of src/gateway/request.c pass what is_named finds; leave is_ambiguous out of read_fields
(src/http/request.c); let read_escape (src/http/gate_path.c) return 3 for %2f."""

import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import SERVICES, Server, free_port  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = pathlib.Path(__file__).with_name("raw_requests.txt")
HOST = b"Host: localhost\r\n"
POST = b"POST /orders HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
ESCAPES = {".": b"\r\n", "r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\", '"': b'"', "H": HOST,
           "G": b"GET /products/mug HTTP/1.1\r\n" + HOST, "P": POST, "C": POST + b"Transfer-Encoding: chunked\r\n\r\n",
           "S": b"GET /admin/stats HTTP/1.1\r\n" + HOST + b"\r\n"}
MARKER = b"GET /products/marker HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
SECONDS_MAX = 20


def unescape(text):
    return b"".join(
        bytes.fromhex(part[2:]) if part[:2] == "\\x" else ESCAPES[part[1]] if part[:1] == "\\" else part.encode()
        for part in re.findall(r"\\x[0-9a-f]{2}|\\.|[^\\]+", text, re.DOTALL))


def rows():
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, verdict, text = line.split(" | ", 2)
            parts = re.split(r'\{"((?:[^"\\]|\\.)*)"\*(\d+)\}', text)
            yield name, verdict, b"".join(
                unescape(parts[i]) + (unescape(parts[i + 1]) * int(parts[i + 2]) if i + 2 < len(parts) else b"")
                for i in range(0, len(parts), 3))


# --- the server behind ---

class Behind:
    """Answers 200 to all, and keeps what came: (line, fields, body)."""

    def __init__(self):
        self.requests = []
        self.bad = []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            sock, _ = self.socket.accept()
            sock.settimeout(60)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with sock, sock.makefile("rb") as reader:
            try:
                while self.one(sock, reader):
                    pass
            except OSError:
                pass
            except (OverflowError, ValueError) as error:
                self.bad.append(str(error))

    def one(self, sock, reader):
        lines = []
        while not lines or lines[-1] != b"\r\n":
            line = reader.readline(200000)
            if not line:
                if lines:
                    raise ValueError(f"cut off in the head: {lines}")
                return False
            if not line.endswith(b"\r\n"):
                raise ValueError(f"no CR LF: {line!r}")
            lines.append(line)
        fields = [tuple(part.strip() for part in line.split(b":", 1)) for line in lines[1:-1]]
        known = {name.lower(): value for name, value in fields}
        body = b""
        if known.get(b"transfer-encoding", b"").lower() == b"chunked":
            while size := int(reader.readline().split(b";")[0], 16):
                body += reader.read(size)
                reader.readline()
            while reader.readline() != b"\r\n":
                pass
        else:
            body = reader.read(int(known.get(b"content-length", b"0")))
        if b" /readyz " not in lines[0]:
            self.requests.append((lines[0], fields, body))
        text = b"" if lines[0].startswith(b"HEAD ") else b"marker" if b"/marker" in lines[0] else b"served"
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\n" + text)
        return True


TOKEN = re.compile(rb"[!#$%&'*+.^`|~0-9A-Za-z-]+\Z")  # without _
VALUE = re.compile(rb"[\t !-~\x80-\xff]*\Z")
TARGET = re.compile(rb"(/(?!/)([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9a-fA-F]{2})*)+(\?[!-~]*)?\Z")
NEVER = re.compile(rb"(connection|keep-alive|proxy.*|te|trailer|transfer-encoding|upgrade|expect|x-drop|proxy|aurora-(?!deadline\Z).*)\Z")
PATH = re.compile(rb"(/\.{1,2}(/|;|\Z))|%(2f|5c|00|0[0-9a-f]|1[0-9a-f]|7f)|%25[0-9a-f]{2}", re.IGNORECASE)


def objections(request):
    """What is not canonical about a request that the gateway has passed on."""
    line, fields, body = request
    method, target, version = line[:-2].split(b" ")
    names = [name.lower() for name, _ in fields]
    if method not in (b"GET", b"POST") or version != b"HTTP/1.1" or not TARGET.match(target):
        yield f"the line {line!r}"
    if PATH.search(target.split(b"?")[0]) or target.startswith(b"/admin"):
        yield f"the path {target!r}"
    for name, value in fields:
        if not TOKEN.match(name) or not VALUE.match(value) or NEVER.match(name.lower()):
            yield f"the field {name!r}: {value!r}"
    if (b"aurora-deadline", b"1") in ((name.lower(), value) for name, value in fields):
        yield "the client's Aurora-Deadline"  # it sets one of its own
    if names.count(b"host") != 1 or names.count(b"content-length") > 1:
        yield f"Host and Content-Length of {names}"
    if dict(zip(names, (value for _, value in fields))).get(b"content-length", b"0") != str(len(body)).encode():
        yield f"a body of {len(body)} bytes with {names}"


# --- the servers in question ---

class Program:
    """nginx or HAProxy with a configuration of ours, as a plain proxy."""

    def __init__(self, name, behind):
        self.name, self.port = name, free_port()
        self.folder = tempfile.TemporaryDirectory(prefix=f"aurora-{name}-")
        self.log = (pathlib.Path(self.folder.name) / "log").open("wb")
        command = getattr(self, name)(behind.port)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise SystemExit(f"{name} does not listen")

    def write(self, text):
        path = pathlib.Path(self.folder.name) / "configuration"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def nginx(self, behind):
        places = "".join(f"{part}_temp_path {self.folder.name}/{part};\n"
                         for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        return ["nginx", "-p", self.folder.name, "-e", f"{self.folder.name}/errors", "-c", self.write(f"""
            daemon off; master_process off; pid {self.folder.name}/pid; error_log {self.folder.name}/errors;
            events {{ worker_connections 256; }}
            http {{
                {places}
                access_log off; client_header_timeout 2s; client_body_timeout 2s; keepalive_timeout 2s;
                server {{
                    listen 127.0.0.1:{self.port};
                    location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; }}
                }}
            }}""")]

    def haproxy(self, behind):
        return ["haproxy", "-db", "-f", self.write(f"""
            global
                maxconn 256
            defaults
                mode http
                timeout connect 2s
                timeout client 2s
                timeout server 2s
                timeout http-request 2s
                timeout http-keep-alive 2s
            listen all
                bind 127.0.0.1:{self.port}
                server behind 127.0.0.1:{behind}
""".replace("\n            ", "\n"))]

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()


# --- asking ---

def read_all(sock):
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    except TimeoutError:
        raise SystemExit(f"neither answered nor closed: {data[:200]!r}") from None
    return data


def answers(data, is_head):
    """[(status, body)] of the final answers."""
    found = []
    while data.startswith(b"HTTP/"):
        head, _, data = data.partition(b"\r\n\r\n")
        status = int(head.split(b" ")[1])
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        size = 0 if status in (204, 304) or status < 200 or (is_head and not found) else int(length[1]) if length else len(data)
        if status >= 200:
            found.append((status, data[:size]))
        data = data[size:]
    return found


def ask(port, data):
    """The verdict as the table writes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX) as sock:
        try:
            sock.sendall(data + MARKER)
        except OSError:
            pass
        found = answers(read_all(sock), data.startswith(b"HEAD "))
    is_kept = bool(found) and found[-1] == (200, b"marker")
    return ",".join(str(status) for status, _ in found[:len(found) - is_kept]) + ("" if is_kept else " close")


def word(verdict):
    """What the routes say of a request that is well-formed is no refusal of its bytes."""
    statuses = [int(status) for status in re.findall(r"\d+", verdict)]
    return "accepts" if statuses and all(status < 400 or status in (404, 405, 421) for status in statuses) else "refuses"


def ask_all(port, table, out):
    for name, _, data in table:
        out[name] = ask(port, data)


def explained():
    """{row: (Aurora, nginx, HAProxy)} of docs/SECURITY.md."""
    text = (ROOT / "docs/SECURITY.md").read_text(encoding="utf-8")
    section = text.partition("\n## Where nginx and HAProxy judge otherwise\n")[2].partition("\n## ")[0]
    found = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for name in re.findall(r"`([a-zA-Z0-9._-]+)`", cells[0]) if line.startswith("| `") else ():
            if name in found or len(cells) != 5 or not cells[4]:
                raise SystemExit(f"docs/SECURITY.md: {name} stands twice, or without a reason")
            found[name] = tuple(cells[1:4])
    return found


def compare(table, results, names):
    known = explained()
    for name, verdict, _ in table:
        found = tuple(word(text) for text in (verdict, results["nginx"][name], results["haproxy"][name]))
        if names:
            print(f"{name}: {verdict} | {results['nginx'][name]} | {results['haproxy'][name]}")
        expected = known.get(name, (found[0],) * 3)
        if any(one not in (two, "either") for one, two in zip(expected, found)):
            yield f"{name}: Aurora {found[0]}, nginx {found[1]}, HAProxy {found[2]} " \
                  f"({verdict} | {results['nginx'][name]} | {results['haproxy'][name]}), which docs/SECURITY.md does not explain"
        elif name in known and len(set(expected)) == 1:
            yield f"{name}: docs/SECURITY.md explains a difference that is none"
    if not names:
        yield from (f"{name}: docs/SECURITY.md explains a row that is not there"
                    for name in known.keys() - {row[0] for row in table})


def through_gateway(table):
    behind, failures = Behind(), []
    with Server("--upstream", ",".join(f"{name}=127.0.0.1:{behind.port}" for name in SERVICES),
                program="aurora-gateway") as gateway:
        for name, verdict, data in table:
            del behind.requests[:]
            found = ask(gateway.port, data)
            if found != verdict:
                failures.append(f"{name}: {found}, the table has {verdict}")
            failures += [f"{name}: the gateway passes on {what}" for request in behind.requests for what in objections(request)]
    return failures + [f"behind the gateway: {what}" for what in behind.bad]


def through_others(table):
    results, programs, threads = {}, [], []
    try:
        for name in ("nginx", "haproxy"):
            programs.append(Program(name, Behind()))
            results[name] = {}
            threads.append(threading.Thread(target=ask_all, args=(programs[-1].port, table, results[name]), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join(240)
    finally:
        for program in programs:
            program.stop()
    return results


def write_corpus(folder):
    for name, _, data in rows():
        if len(data) <= 4000:
            (pathlib.Path(folder) / f"raw-{name}").write_bytes(bytes([len(data) % 32]) + data)


def main():
    if sys.argv[1:2] == ["--corpus"]:
        return write_corpus(sys.argv[2])
    names = sys.argv[1:]
    table = [row for row in rows() if not names or row[0] in names]
    failures = through_gateway(table)
    missing = [name for name in ("nginx", "haproxy") if shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") is None]
    if not missing:
        failures += compare(table, through_others(table), names)
    print("\n".join(failures))
    print(f"raw requests: {len(table)} rows, {len(failures)} complaints")
    if failures:
        return 1
    if missing:
        print(f"skipped: no {' and no '.join(missing)} to compare with (scripts/setup.sh)")
        return 77
    return 0


if __name__ == "__main__":
    sys.exit(main())
