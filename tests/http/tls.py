#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""aurorad over TLS, asked by Python's ssl, curl and openssl s_client, and by those who speak no TLS or break off."""

import http.client
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import BIN, Server, until  # noqa: E402
from tls_files import Files  # noqa: E402

GET = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


def check(holds, what):
    if not holds:
        raise SystemExit(f"tls: {what}")


def client_context(files, certificate=None, authority="ca.pem"):
    context = ssl.create_default_context(cafile=files.path(authority))
    if certificate is not None:
        context.load_cert_chain(*certificate)
    return context


class TlsServer(Server):
    """Server(files, "--setting", "value"): probes and calls go by TLS."""

    def __init__(self, files, *arguments, certificate=None, client=None, **others):
        certificate = certificate or files.certificate("server")
        super().__init__("--tls-certificate", certificate[0], "--tls-key", certificate[1], *arguments, **others)
        self.context = client_context(files, client)
        self.keep = certificate

    def connect(self, context=None):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        try:
            return (context or self.context).wrap_socket(sock, server_hostname="localhost")
        except BaseException:
            sock.close()
            raise

    def open(self, timeout):
        return http.client.HTTPSConnection("localhost", self.port, timeout=timeout, context=self.context)


def is_refused(server, context):
    """Whether the server ends the handshake, or the connection right after it (TLS 1.3 tells the client then)."""
    try:
        with server.connect(context) as sock:
            sock.sendall(GET)
            return sock.recv(1) == b""
    except (ssl.SSLError, ConnectionError):
        return True


# --- who may speak ----------------------------------------------------------------------------------------------------


def versions(server, files):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = client_context(files)
        context.minimum_version = context.maximum_version = version
        with server.connect(context) as sock:
            sock.sendall(GET)
            answer = sock.recv(65536)
            check(answer.startswith(b"HTTP/1.1 200 "), f"{version} is not served")
            # Mutation: put_security of answer.c without it.
            check(b"\r\nStrict-Transport-Security: max-age=31536000\r\n" in answer, "a browser may come back without TLS")
    with server.connect() as sock:
        check(sock.version() == "TLSv1.3", f"{sock.version()} is spoken where 1.3 could be")
    old = client_context(files)
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    before = server.metric('aurora_tls_handshake_failures_total{reason="version"}')
    check(is_refused(server, old), "TLS 1.1 is taken")
    check(server.metric('aurora_tls_handshake_failures_total{reason="version"}') == before + 1, "it is not counted")
    for weak in ("ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256"):
        context = client_context(files)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(weak)
        check(is_refused(server, context), f"{weak} is taken")


def protocols(server, files):
    for offered, taken in ((["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), ([], None)):
        context = client_context(files)
        if offered:
            context.set_alpn_protocols(offered)
        with server.connect(context) as sock:
            check(sock.selected_alpn_protocol() == taken, f"of {offered} {sock.selected_alpn_protocol()} is taken")
    context = client_context(files)
    context.set_alpn_protocols(["h2"])
    check(is_refused(server, context), "h2 alone is taken")


def others_clients(server, files):
    done = subprocess.run(["curl", "-sS", "--http1.1", "--cacert", files.path("ca.pem"), "-w", "%{http_code}",
                           f"https://localhost:{server.port}/livez"], capture_output=True, text=True, timeout=30)
    check(done.stdout.endswith("200"), f"curl: {done}")
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile",
                           files.path("ca.pem"), "-verify_return_error", "-quiet"], capture_output=True, timeout=30,
                          input=GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    check(b"HTTP/1.1 200 " in done.stdout, f"s_client: {done}")
    # Asked to negotiate again, it refuses, and goes on or ends; it does not do so.
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_2", "-CAfile",
                           files.path("ca.pem")], capture_output=True, timeout=30, input=b"R\n")
    check(b"no renegotiation" in done.stderr or done.returncode != 0, f"renegotiation: {done}")


# --- who does not -----------------------------------------------------------------------------------------------------


def answer_to(server, data):
    """What comes back before the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        sock.sendall(data)
        got = b""
        try:
            while True:
                piece = sock.recv(65536)
                if not piece:
                    return got
                got += piece
        except ConnectionResetError:
            return got


def no_tls(server, files):
    got = answer_to(server, GET)
    check(got.startswith(b"HTTP/1.1 400 ") and b"HTTPS" in got, f"plain HTTP: {got!r}")
    for junk in (b"\0" * 100, b"\x16\x03\x01\0\0", b"\x16\x03\x01\xff\xff", b"\x80\x2e\x01\0\x02", b"hello\r\n",
                 b"\x16\x03\x01\x00\x04\x01\xff\xff\xff", b"\x16\x03\x01\x00\x04\x02\x00\x00\x01",
                 b"\x17\x03\x03\x00\x05hello", bytes(range(256)) * 300):
        check(not answer_to(server, junk).startswith(b"HTTP"), f"{junk[:16]!r} is answered")


def hello_bytes(files):
    """A ClientHello as this Python makes it."""
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    side = client_context(files).wrap_bio(coming, going, server_hostname="localhost")
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return going.read()


def split_handshakes(server, files):
    """All that the client says arrives byte by byte, and in records of one byte."""
    hello = hello_bytes(files)
    body = hello[5:]
    cut = b"".join(hello[:3] + b"\0\1" + body[i:i + 1] for i in range(len(body)))
    for name, data, step in (("byte by byte", hello, 1), ("records of a byte", cut, len(cut))):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for i in range(0, len(data), step):
                sock.sendall(data[i:i + step])
            check(sock.recv(1) == b"\x16", f"{name}: no ServerHello")


def is_settled(server, bound):
    """Some connections may still wait to be accepted when those before them are gone."""
    for _ in range(5):
        if server.descriptors() > bound:
            return False
        time.sleep(0.05)
    return True


def broken_handshakes(server, files):
    """Cut off behind every byte, and with every byte changed: others are served, and nothing is left behind."""
    hello = hello_bytes(files)
    before = server.descriptors()
    for i in range(len(hello)):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            sock.sendall(hello[:i])
        changed = hello[:i] + bytes([hello[i] ^ 0xff]) + hello[i + 1:]
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            sock.sendall(changed)
        if i % 64 == 0:
            check(server.call("GET", "/livez")[0] == 200, f"not served after byte {i}")
    until("nothing is left behind", lambda: is_settled(server, before + 2))
    failed = sum(server.metric('aurora_tls_handshake_failures_total{reason="%s"}' % reason)
                 for reason in ("closed", "malformed", "version", "cipher", "protocol", "other", "alert", "plain_http"))
    check(failed >= len(hello), f"{failed} failures are counted of {2 * len(hello)}")


# --- reload -----------------------------------------------------------------------------------------------------------


def serial(server):
    with server.connect() as sock:
        return sock.getpeercert()["serialNumber"]


def put(files, certificate, target):
    for kind in (0, 1):
        temporary = pathlib.Path(target[kind] + ".new")
        temporary.write_bytes(pathlib.Path(certificate[kind]).read_bytes())
        temporary.rename(target[kind])


def reload_under_traffic(server, files):
    failures, asked, stop = [], [0], threading.Event()

    def ask():
        try:
            with server.connect() as kept:
                while not stop.is_set():
                    kept.sendall(GET)
                    check(kept.recv(65536).startswith(b"HTTP/1.1 200 "), "a kept connection is not served")
                    with server.connect() as new:
                        new.sendall(GET)
                        check(new.recv(65536).startswith(b"HTTP/1.1 200 "), "a new connection is not served")
                    asked[0] += 2
        except (OSError, SystemExit) as failure:
            failures.append(failure)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    seen = [serial(server)]
    for i in range(3):
        put(files, files.certificate(f"next{i}", kind="rsa" if i == 1 else "ec"), server.keep)
        server.process.send_signal(signal.SIGHUP)
        until("SIGHUP brings the new certificate", lambda: serial(server) != seen[-1])
        seen.append(serial(server))
    # A key of another certificate: the old pair stays.
    pathlib.Path(server.keep[1]).write_bytes(pathlib.Path(files.path("next0.key")).read_bytes())
    server.process.send_signal(signal.SIGHUP)
    until("a bad pair is logged", lambda: "is not the key of the certificate" in server.log_text())
    check(serial(server) == seen[-1], "a bad pair is used")
    # Without a signal, when both files have changed.
    put(files, files.certificate("next3"), server.keep)
    until("a changed file is noticed", lambda: serial(server) != seen[-1])
    stop.set()
    for thread in threads:
        thread.join()
    check(not failures, f"under reload: {failures}")
    print(f"tls: {asked[0]} requests over four changes of the certificate, none failed")


# --- the settings -----------------------------------------------------------------------------------------------------


def run_once(*arguments):
    return subprocess.run([str(BIN / "aurorad"), "--store", "memory:", "--listen", "127.0.0.1:0", *arguments],
                          capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)


def refusals(files):
    good, other = files.certificate("good"), files.certificate("other")
    empty, locked = files.path("empty.pem"), files.path("locked.key")
    pathlib.Path(empty).touch()
    files.openssl("pkey", "-in", good[1], "-aes256", "-passout", "pass:secret", "-out", locked)
    pair = ("--tls-certificate", good[0], "--tls-key", good[1])
    for arguments, words in (
            (pair[:2], "tls_key: must be given too"),
            (pair[2:], "tls_certificate: must be given too"),
            (("--tls-client-ca", files.path("ca.pem")), "tls_certificate: must be given too"),
            (pair[:3] + (other[1],), "is not the key of the certificate"),
            (("--tls-certificate", files.path("none.pem"), *pair[2:]), "No such file"),
            (("--tls-certificate", empty, *pair[2:]), "is empty"),
            (("--tls-certificate", good[1], *pair[2:]), "is no PEM file with a certificate"),
            (pair[:3] + (locked,), "a private key without a password"),
            (pair + ("--tls-client-names", "gateway"), "tls_client_ca: must be given too"),
            (pair + ("--tls-client-ca", files.path("ca.pem")), "tls_client_names: must be given too"),
            (pair + ("--tls-client-names", "gateway", "--tls-client-ca", good[1]), "is no PEM file with certificates"),
            (("--upstream-ca", files.path("ca.pem")), "only the gateway has upstreams")):
        for last in (("--check-config",), ()):
            done = run_once(*arguments, *last)
            check(done.returncode == 1 and words in done.stderr and done.stderr.count("\n") == 1,
                  f"{arguments}: {done}")


def warnings(files):
    old, open_key = files.certificate("old", days=-1), files.certificate("open")
    pathlib.Path(open_key[1]).chmod(0o644)
    ending = files.certificate("ending", days=13)
    for pair, words in ((old, "has expired"), (open_key, "can be read by every user"),
                        (ending, "expires within 14 days")):
        done = run_once("--tls-certificate", pair[0], "--tls-key", pair[1], "--check-config")
        check(done.returncode == 0 and words in done.stderr, f"{words}: {done}")


def main():
    files = Files()
    try:
        refusals(files)
        warnings(files)
        with TlsServer(files) as server:
            for part in (versions, protocols, others_clients, no_tls, split_handshakes, broken_handshakes,
                         reload_under_traffic):
                begin = time.monotonic()
                part(server, files)
                print(f"tls: {part.__name__}: {time.monotonic() - begin:.1f} s")
            ends = server.metric("aurora_tls_certificate_expiry_timestamp_seconds") - time.time()
            check(29 * 86400 < ends < 30 * 86400 + 60, f"the certificate ends in {ends} s")
            check("listening on https://" in server.log_text(), "the log says no https")
            check(server.stop() == 0, "it does not drain: " + server.log_text()[-3000:])
    finally:
        files.cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(main())
