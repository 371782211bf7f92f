# SPDX-License-Identifier: MIT
"""tokens.py: bearer tokens (S1 to S5 of docs/SECURITY.md) on a real aurorad and through a real gateway: keys and tokens of
auroractl, keys in files and behind http:// and https://, their rotation, a server of keys that fails or stalls, a flood of
unknown keys; and no token in any log."""

import http.client
import http.server
import json
import os
import pathlib
import signal
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import BIN, SERVICES, Server, signed_fields, until  # noqa: E402

SECRET = "a secret of at least thirty-two bytes"
RULES = ("--jwt-issuer", "https://id.example/", "--jwt-audience", "aurora")
SEEN = []  # every token that was sent


def check(is_good, why):
    if not is_good:
        sys.exit(f"tokens: {why}")


def ctl(*arguments, status=0):
    run = subprocess.run([str(BIN / "auroractl"), *arguments], capture_output=True, text=True, check=False)
    check(run.returncode == status, f"auroractl {arguments} is {run.returncode}: {run.stderr}")
    return run.stdout.strip() if status == 0 else run.stderr


def keygen(folder, kid, algorithm="ES256"):
    return json.loads(ctl("keygen", "--alg", algorithm, "--kid", kid, "--out", str(folder), "--json"))


def token(folder, kid, sub="alice", scope="orders:read orders:write", *more):
    text = ctl("token", "--key", f"{folder}/{kid}.jwk", "--sub", sub, "--scope", scope, "--issuer", "https://id.example/",
               "--audience", "aurora", *more)
    SEEN.append(text)
    return text


def ask(server, method, target, bearer=None, body=None, fields=()):
    """(status, fields, JSON or bytes), unsigned."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    data = json.dumps(body).encode() if body is not None else b""
    try:
        connection.putrequest(method, target)
        for name, value in [*fields, *([("Authorization", f"Bearer {bearer}")] if bearer else []),
                            ("Content-Type", "application/json"), ("Content-Length", str(len(data)))]:
            connection.putheader(name, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, answer.headers, json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text
    finally:
        connection.close()


def expect(server, status, method, target, bearer=None, **others):
    got, fields, body = ask(server, method, target, bearer, **others)
    check(got == status, f"{method} {target} is {got}, expected {status}: {body}")
    return fields, body


class Keys(http.server.ThreadingHTTPServer):
    """A server of one document; `status` is what it answers, `gate` what it waits for before."""

    def __init__(self, certificate=None):
        self.document, self.status, self.count = b'{"keys":[]}', 200, 0
        self.gate, self.asked = threading.Event(), threading.Event()
        self.gate.set()
        super().__init__(("127.0.0.1", 0), KeysHandler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that does not trust us


class KeysHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.count += 1
        self.server.asked.set()
        self.server.gate.wait(20)
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(self.server.document)))
        self.end_headers()
        try:
            self.wfile.write(self.server.document)
        except OSError:
            pass

    def log_message(self, *_):
        pass


ORDER = {"lines": [{"sku": "TEA", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}


def sell_tea(server, bearer):
    expect(server, 201, "POST", "/products", bearer,
           body={"sku": "TEA", "name": "Tea", "price_minor": 300, "currency": "EUR", "category": "tea"})
    expect(server, 201, "POST", "/inventory/TEA/receipts", bearer, body={"quantity": 50})


def check_verdicts(server, folder):
    """What a customer meets, on whatever server."""
    alice = token(folder, "a", "alice", "orders:read orders:write", "--email", "alice@shop.example")
    bob = token(folder, "a", "bob")
    place = [("Prefer", "wait=10")]
    _, order = expect(server, 201, "POST", "/orders", alice, body=ORDER, fields=place)
    check(order["customer_id"] == "alice" and order["contact"] == "alice@shop.example", f"of whom: {order}")
    _, named = expect(server, 201, "POST", "/orders", alice, body={**ORDER, "contact": "x@y.example"}, fields=place)
    check(named["contact"] == "x@y.example", f"its own contact is lost: {named}")
    _, nobody = expect(server, 201, "POST", "/orders", bob, body=ORDER, fields=place)
    check(nobody["contact"] is None, f"a contact of nobody's: {nobody}")
    expect(server, 200, "GET", f"/orders/{order['id']}", alice)
    expect(server, 404, "GET", f"/orders/{order['id']}", bob)
    expect(server, 404, "POST", f"/orders/{order['id']}/cancel", bob, body={})

    fields, body = expect(server, 401, "GET", "/orders")
    check(fields["WWW-Authenticate"] == 'Bearer realm="aurora"' and body["code"] == "unauthorized", f"{body}")
    fields, body = expect(server, 401, "GET", "/orders", alice + "x")
    check(fields["WWW-Authenticate"].startswith('Bearer realm="aurora", error="invalid_token", error_description="')
          and body["code"] == "invalid_token", f"{fields} {body}")
    expect(server, 401, "GET", "/products", alice + "x")  # public, but what is sent must be good
    expect(server, 200, "GET", "/products", alice)
    expect(server, 200, "GET", "/products")
    fields, _ = expect(server, 403, "GET", "/inventory", alice)
    check(fields["WWW-Authenticate"] == 'Bearer realm="aurora", error="insufficient_scope", scope="inventory:read"',
          f"{fields}")
    expect(server, 401, "GET", "/orders", fields=[("Authorization", "Basic YTpi")])
    # S5. Mutation: is_single of request.c does not name Authorization.
    expect(server, 400, "GET", "/orders", alice, fields=[("Authorization", f"Bearer {bob}")])
    expect(server, 401, "GET", "/orders", f"{alice}, Bearer {bob}")
    expect(server, 400, "GET", f"/products?access_token={alice}")
    # Mutation: check_bearer takes a token beside the fields of a signature.
    expect(server, 401, "GET", "/orders", alice, fields=[("Aurora-Principal", "bob")])
    expect(server, 401, "GET", "/orders", alice, fields=[("Aurora-Scopes", "admin")])
    expect(server, 401, "GET", "/orders", fields=[("Aurora-Principal", "bob"), ("Aurora-Scopes", "orders:read"),
                                                  ("Aurora-Deadline", str(int(time.time() * 1000) + 9000)),
                                                  ("Aurora-Signature", "0" * 64)])


def check_files(folder):
    keygen(folder, "a")
    mode = stat.S_IMODE(os.stat(folder / "a.jwk").st_mode)
    check(mode == 0o600, f"the private key has the mode {mode:o}")
    check('"d"' not in (folder / "jwks.json").read_text(), "the public document has a private key")
    check("has a key a" in ctl("keygen", "--alg", "ES256", "--kid", "a", "--out", str(folder), status=2)
          or (folder / "a.jwk").exists(), "a key is replaced")
    with Server("--jwt-keys", f"{folder}/jwks.json", *RULES) as server:
        sell_tea(server, token(folder, "a", "shop", "products:write inventory:write"))
        check_verdicts(server, folder)
        ready = ask(server, "GET", "/readyz?verbose")[2].decode()
        check("tokens" in ready and "1 keys, read" in ready, f"/readyz does not tell of keys: {ready}")
        before = token(folder, "a")
        expect(server, 200, "GET", "/orders", before)
        keygen(folder, "b", "EdDSA")
        expect(server, 401, "GET", "/orders", token(folder, "b"))
        server.process.send_signal(signal.SIGHUP)
        after = token(folder, "b")
        until("the new key is read by SIGHUP", lambda: ask(server, "GET", "/orders", after)[0] == 200)
        expect(server, 200, "GET", "/orders", before)
        (folder / "jwks.json").write_text("no keys")
        server.process.send_signal(signal.SIGHUP)
        until("a broken file is told of", lambda: "old keys stay" in server.log_text())
        expect(server, 200, "GET", "/orders", before)
        check_log(server)


def check_log(*servers):
    """S19. Mutation: aurora_http_access has the token in place of the principal."""
    for server in servers:
        log = server.log_text()
        check(not any(text in log or text.rsplit(".", 1)[1] in log for text in SEEN), f"a token in the log of {server.program}")


def check_gateway(folder):
    (folder / "jwks.json").unlink()
    (folder / "a.jwk").unlink()
    keygen(folder, "a", "RS256")
    keys = ("--jwt-keys", f"{folder}/jwks.json", *RULES)
    with Server(secret=SECRET) as behind:
        upstream = ",".join(f"{name}=127.0.0.1:{behind.port}" for name in SERVICES)
        with Server("--upstream", upstream, *keys, secret=SECRET, program="aurora-gateway") as gateway:
            sell_tea(gateway, token(folder, "a", "shop", "products:write inventory:write"))
            check_verdicts(gateway, folder)
            # The service knows no tokens, and is told by signed fields alone who asks.
            expect(behind, 401, "GET", "/orders", token(folder, "a"))
            # auroractl's signed requests are taken beside tokens.
            status, _, body = gateway.call("GET", "/orders?customer=alice")
            check(status == 200 and len(body["items"]) == 2, f"signed: {status} {body}")
            # A deadline beside a token is nobody's word: one that is none says nothing.
            for deadline in ("-5", "-9223372036854775808", "99999999999999999999", "soon"):
                expect(gateway, 200, "GET", "/orders", token(folder, "a"), fields=[("Aurora-Deadline", deadline)])
            # Aurora-Contact is covered by the signature. Mutation: aurora_signature_write leaves it out.
            signed = signed_fields(SECRET, "GET", "/orders")
            expect(behind, 401, "GET", "/orders", fields=[*signed.items(), ("Aurora-Contact", "eve@evil.example")])
            check_log(gateway, behind)


def check_rotation(folder):
    """Unknown keys are fetched once in ten seconds, and who comes with one waits for it."""
    (folder / "jwks.json").unlink()
    keygen(folder, "r1")
    keys = Keys()
    keys.document = (folder / "jwks.json").read_bytes()
    url = f"http://127.0.0.1:{keys.server_port}/jwks.json"
    strangers = []
    for i in range(40):
        keygen(folder / f"x{i}", f"x{i}", "HS256")
        strangers.append(token(folder / f"x{i}", f"x{i}"))
    with Server("--jwt-keys", url, *RULES, "--jwt-refresh", "1h") as server:
        old = token(folder, "r1")
        expect(server, 200, "GET", "/orders", old)
        check(keys.count == 1, f"fetched {keys.count} times")
        keygen(folder, "r2")
        keys.document = (folder / "jwks.json").read_bytes()
        new = token(folder, "r2")
        keys.gate.clear()
        keys.asked.clear()
        begun = time.monotonic()
        outcome = []
        waiting = threading.Thread(target=lambda: outcome.append(ask(server, "GET", "/orders", new)[0]))
        waiting.start()
        check(keys.asked.wait(20), "an unknown key is not fetched")
        # Mutation: aurora__park answers false; or the loop fetches by itself, and these wait for it.
        expect(server, 200, "GET", "/orders", old)
        expect(server, 200, "GET", "/livez")
        check(not outcome, "who came with the new key was not kept waiting")
        keys.gate.set()
        waiting.join(20)
        check(outcome == [200], f"the request of the new key is {outcome}")
        expect(server, 200, "GET", "/orders", old)
        # S2. Mutation: aurora__keys_miss does not look at miss_pause_ms.
        for stranger in strangers:
            expect(server, 401, "GET", "/orders", stranger)
        allowed = 2 + (time.monotonic() - begun) // 10  # one in ten seconds, on however slow a machine
        check(keys.count <= allowed, f"40 unknown keys have caused {keys.count - 2} fetches")
        check(server.metric("aurora_jwt_key_misses_total") == keys.count - 1, "misses are not counted")
        check(server.metric("aurora_jwt_keys") == 2, "two keys are not two")
        check(server.metric("aurora_jwt_cache_hits_total") >= 1, "no token is remembered")


def check_failures(folder):
    keys = Keys()
    keys.document = (folder / "jwks.json").read_bytes()
    url = f"http://127.0.0.1:{keys.server_port}/jwks.json"
    bearer = token(folder, "r2")
    with Server("--jwt-keys", url, *RULES, "--jwt-refresh", "1s") as server:
        # Mutation: aurora__source_take drops the old set before the new one is read.
        for status, document in ((500, b""), (302, keys.document), (200, b"{"), (200, b'{"keys":[]}'),
                                 (200, b'{"keys":[' + b" " * 300000 + b"]}")):
            keys.status, keys.document = status, document
            failures = server.metric("aurora_jwt_key_fetch_failures_total")
            server.process.send_signal(signal.SIGHUP)
            until(f"{status} with {document[:20]} is a failure",
                  lambda: server.metric("aurora_jwt_key_fetch_failures_total") > failures)
            expect(server, 200, "GET", "/orders", bearer)
        for why in ("no redirect is followed", "longer than 256 KiB"):
            until(f"the log says why: {why}", lambda why=why: why in server.log_text())
    # Nothing was ever had: nobody can say whether the token is good.
    keys.status = 500
    with Server("--jwt-keys", url, *RULES, "--jwt-refresh", "1s") as server:
        until("no keys, and 503", lambda: ask(server, "GET", "/orders", bearer)[0] == 503)
        keys.status, keys.document = 200, (folder / "jwks.json").read_bytes()
        until("it recovers", lambda: ask(server, "GET", "/orders", bearer)[0] == 200)


def check_https(folder):
    pem = folder / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(pem), "-out",
                    str(folder / "ca.pem")], check=True, capture_output=True)
    pem.write_bytes(pem.read_bytes() + (folder / "ca.pem").read_bytes())
    keys = Keys(pem)
    keys.document = (folder / "jwks.json").read_bytes()
    url = f"https://localhost:{keys.server_port}/jwks.json"
    bearer = token(folder, "r2")
    with Server("--jwt-keys", url, *RULES, "--jwt-ca", str(folder / "ca.pem")) as server:
        expect(server, 200, "GET", "/orders", bearer)
    # Mutation: prepare of fetch.c leaves CURLOPT_SSL_VERIFYPEER at 0.
    with Server("--jwt-keys", url, *RULES) as server:
        expect(server, 503, "GET", "/orders", bearer)


def check_settings(folder):
    keys = f"{folder}/jwks.json"
    rows = (
        (("--jwt-keys", keys), "jwt_issuer"),
        (("--jwt-keys", keys, "--jwt-issuer", "i"), "jwt_audience"),
        (("--jwt-issuer", "i"), "jwt_issuer"),
        (("--jwt-keys", "http://id.example/jwks.json", *RULES), "jwt_keys"),
        (("--jwt-keys", "http://localhost@id.example/jwks.json", *RULES), "jwt_keys"),
        (("--jwt-keys", "https://a:b@id.example/jwks.json", *RULES), "jwt_keys"),
        (("--jwt-keys", "ftp://127.0.0.1/jwks.json", *RULES), "jwt_keys"),
        (("--jwt-keys", f"{folder}/none.json", *RULES), "jwt_keys"),
        (("--jwt-keys", f"{folder}/r2.jwk,{folder}/server.pem", *RULES), "private key"),
        (("--jwt-keys", f"{folder}", *RULES), "jwt_keys"),
    )
    for program in ("aurorad", "aurora-gateway"):
        for arguments, named in rows:
            run = subprocess.run([str(BIN / program), "--check-config", *arguments, "--service-secret", SECRET],
                                 capture_output=True, text=True, check=False)
            check(run.returncode == 1 and named in run.stderr, f"{program} {arguments}: {run.returncode} {run.stderr}")
    run = subprocess.run([str(BIN / "aurora-gateway"), "--check-config", "--jwt-keys", keys, *RULES],
                         capture_output=True, text=True, check=False)
    check(run.returncode == 1 and "service_secret" in run.stderr, f"a gateway without a secret: {run.stderr}")
    run = subprocess.run([str(BIN / "aurorad"), "--check-config", "--jwt-keys", keys, *RULES, "--listen", "0.0.0.0:8080"],
                         capture_output=True, text=True, check=False)
    check(run.returncode == 0, f"with tokens it is not open: {run.stderr}")


def main():
    with tempfile.TemporaryDirectory(prefix="aurora-tokens-") as name:
        folder = pathlib.Path(name)
        check_files(folder)
        check_gateway(folder)
        check_rotation(folder)
        check_failures(folder)
        check_https(folder)
        check_settings(folder)
    print("tokens: ok")


if __name__ == "__main__":
    main()
