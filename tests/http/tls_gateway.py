#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The gateway before a service over mutual TLS: who is let in with which certificate, what is said of those that are not,
and whose word counts for who asks."""

import http.client
import json
import pathlib
import re
import signal
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import BIN, SERVICES, SCOPES, Server, until  # noqa: E402
from tls_files import Files  # noqa: E402

PRODUCT = {"name": "Mug", "price_minor": 1250, "currency": "EUR"}


def check(holds, what):
    if not holds:
        raise SystemExit(f"tls_gateway: {what}")


class Secure(Server):
    """A program that asks its clients for a certificate, and takes the word of some of them for who asks."""

    def __init__(self, files, name, trusted, *arguments, **others):
        self.files = files
        self.pair = files.certificate(name)
        super().__init__("--tls-certificate", self.pair[0], "--tls-key", self.pair[1], "--tls-client-ca",
                         files.path("ca.pem"), "--tls-client-names", trusted, *arguments, **others)
        self.client = files.path(trusted)

    def context(self, client=None):
        context = ssl.create_default_context(cafile=self.files.path("ca.pem"))
        if client != "":
            client = client or self.client
            context.load_cert_chain(client + ".pem", client + ".key")
        return context

    def fields(self, method, target, body=b"", principal="alice", scopes=SCOPES):
        return {} if not principal else {"Aurora-Principal": principal, "Aurora-Scopes": scopes,
                                         "Aurora-Deadline": str(int(time.time() * 1000) + 60000)}

    def open(self, timeout, client=None, port=None):
        return http.client.HTTPSConnection("localhost", port or self.port, timeout=timeout, context=self.context(client))


def upstreams(port):
    return ",".join(f"{name}=localhost:{port}" for name in SERVICES)


def gateway_arguments(files, port, certificate="gateway"):
    return ("--upstream", upstreams(port), "--upstream-ca", files.path("ca.pem"), "--upstream-certificate",
            files.path(certificate + ".pem"), "--upstream-key", files.path(certificate + ".key"))


# --- a service alone --------------------------------------------------------------------------------------------------


def is_refused(service, client):
    try:
        service.raw("GET", "/livez", client=client)
        return False
    except (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected):
        return True


def certificates(service, files):
    """S7's counterpart inside: no certificate, another authority's, an expired one, one that is for others."""
    files.certificate("expired", days=-1)
    files.authority("strangers")
    files.certificate("stranger", names=("DNS:gateway",), authority="strangers")
    for client, what in (("", "no certificate"), (files.path("expired"), "an expired certificate"),
                         (files.path("stranger"), "another authority's certificate")):
        check(is_refused(service, client), f"{what} is let in")
    metrics = service.raw("GET", "/metrics")[2].decode()
    for reason in ("certificate_missing", "certificate_expired", "certificate_unknown"):
        check(f'aurora_tls_handshake_failures_total{{reason="{reason}"}} 1' in metrics, f"{reason} is not counted")


def words(service, files):
    """A verified certificate alone lets nobody speak for others.

    Mutation: let aurora__connection_tls_mark (src/http/connection_tls.c) set is_peer_trusted to true."""
    files.certificate("neighbour", names=("DNS:neighbour",))
    neighbour = files.path("neighbour")
    status, _, answer = service.call("GET", "/orders", client=neighbour)
    check(status == 401 and answer["code"] == "unauthorized", f"a neighbour speaks for alice: {status} {answer}")
    check(service.call("GET", "/products", client=neighbour, principal=None)[0] == 200, "a public call needs a name")
    check(service.call("GET", "/orders", principal=None)[0] == 401, "a call of nobody is let in")
    check(service.call("GET", "/orders")[0] == 200, "the gateway's word is not taken")
    check(service.call("GET", "/orders", scopes="products:write")[0] == 403, "scopes are not read")
    check(service.call("GET", "/orders", headers={"Aurora-Deadline": "1"})[0] == 401, "a deadline that is over counts")
    check(service.call("GET", "/orders", headers={"Host": "shop.example"})[0] == 200, "the service is open")


def operators(service, files):
    """auroractl over https: its --actor counts for the sake of its certificate. Mutation: without a certificate's
    part in add_fields of wire.c the server asks who it is."""
    def auroractl(name):
        return subprocess.run([BIN / "auroractl", "orders", "list", "--json", "--url", f"https://localhost:{service.port}",
                               "--ca", files.path("ca.pem"), "--certificate", files.path(name + ".pem"),
                               "--certificate-key", files.path(name + ".key")],
                              capture_output=True, text=True, timeout=60, check=False)
    done = auroractl("gateway")
    check(done.returncode == 0 and json.loads(done.stdout)["items"] == [], f"auroractl: {done}")
    done = auroractl("neighbour")
    check(done.returncode == 2 and "tls_client_names" in done.stderr, f"auroractl of a neighbour: {done}")


# --- the gateway before it --------------------------------------------------------------------------------------------


def through(gateway, service):
    check(gateway.call("PUT", "/products/mug", PRODUCT)[0] in (200, 201), "PUT")
    check(gateway.call("POST", "/inventory/mug/receipts", {"quantity": 1000})[0] in (200, 201), "receipt")
    order = {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}
    status, _, placed = gateway.call("POST", "/orders", order)
    check(status == 201 and placed["customer_id"] == "alice", f"{status} {placed}")
    check(gateway.call("GET", f"/orders/{placed['id']}")[0] == 200, "alice's order")
    check(gateway.call("GET", f"/orders/{placed['id']}", principal="bob", scopes="orders:read")[0] == 404, "bob sees alice's order")
    check(gateway.call("GET", "/products", principal=None)[0] == 200, "a public call")
    big = [{"sku": f"p{i:05}", "name": "x" * 200, "price_minor": i, "currency": "EUR"} for i in range(500)]
    for item in big[:40]:
        check(gateway.call("PUT", f"/products/{item.pop('sku')}", item)[0] in (200, 201), "PUT of many")
    status, _, page = gateway.raw("GET", "/products?limit=100")
    check(status == 200 and page.count(b"x" * 200) == 40, f"a page of {len(page)} bytes")


def by_token(files, service):
    """A gateway that knows its clients by tokens and has no secret: its certificate speaks for each of them.
    Mutation: sign() of src/gateway/request.c that asks for a secret alone: everybody is nobody."""
    rules = ("--issuer", "https://id.example/", "--audience", "aurora")
    subprocess.run([str(BIN / "auroractl"), "keygen", "--alg", "ES256", "--kid", "k", "--out", files.path("jwt")],
                   check=True, capture_output=True)

    def bearer(sub, scope, *more):
        text = subprocess.run([str(BIN / "auroractl"), "token", "--key", files.path("jwt") + "/k.jwk", "--sub", sub, "--scope", scope,
                               *rules, *more], check=True, capture_output=True, text=True).stdout.strip()
        return {"Authorization": f"Bearer {text}"}

    keys = ("--jwt-keys", files.path("jwt") + "/jwks.json", "--jwt-issuer", rules[1], "--jwt-audience", rules[3])
    with Server(*gateway_arguments(files, service.port), *keys, program="aurora-gateway", ready=False) as gateway:
        order = {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}
        carol = bearer("carol", "orders:read orders:write")
        status, _, placed = gateway.call("POST", "/orders", order, carol)
        check(status == 201 and placed["customer_id"] == "carol", f"carol's order: {status} {placed}")
        check(gateway.call("GET", f"/orders/{placed['id']}", headers=carol)[0] == 200, "carol does not see her order")
        dave = bearer("dave", "orders:read")
        check(gateway.call("GET", f"/orders/{placed['id']}", headers=dave)[0] == 404, "dave sees carol's order")
        check(gateway.call("POST", "/orders", order, dave)[0] == 403, "dave may place orders")
        check(gateway.call("GET", "/orders")[0] == 401, "nobody has orders")
        check(gateway.call("GET", "/products")[0] == 200, "a public call needs a token")
        named = {"Aurora-Principal": "carol", "Aurora-Scopes": SCOPES, "Aurora-Deadline": str(int(time.time() * 1000) + 60000)}
        check(gateway.call("GET", "/orders", headers=named)[0] == 401, "a client says itself who it is")
        check(gateway.call("GET", "/orders", headers={**named, **dave})[0] == 401, "a token and another's name")


def streams(gateway):
    """Events of an order as they come, from the service through both legs of TLS."""
    order = {"lines": [{"sku": "mug", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}
    placed = gateway.call("POST", "/orders", order)[2]
    connection = http.client.HTTPSConnection("localhost", gateway.port, timeout=20, context=gateway.context())
    connection.request("GET", f"/orders/{placed['id']}/events", headers=gateway.fields("GET", ""))
    answer = connection.getresponse()
    text = answer.read()
    check(answer.status == 200 and b"COMPLETED" in text, f"{answer.status} {text[:200]}")
    connection.close()


def handshakes(server):
    text = server.raw("GET", "/metrics")[2].decode()
    done = sum(float(n) for n in re.findall(r'aurora_tls_handshakes_total\{version="1\.[23]"\} (\S+)', text))
    return done, float(re.search(r"(?m)^aurora_tls_handshakes_resumed_total (\S+)", text).group(1))


def sessions(gateway, service):
    """Connections that are opened anew go on with an earlier session."""
    done, resumed = handshakes(service)
    threads = [threading.Thread(target=lambda: [gateway.call("GET", "/orders") for _ in range(5)]) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    later_done, later_resumed = handshakes(service)
    new = later_done - done - 1  # ours for the metrics, which begins from nothing
    check(new > 0 and later_resumed - resumed >= new - 1, f"{new} connections, {later_resumed - resumed} resumed")
    print(f"tls_gateway: {new:.0f} connections to the service, {later_resumed - resumed:.0f} with a session")


def until_said(server, words):
    until(f"{server.program} logs {words!r}", lambda: words in server.log_text())


def strangers(files, service):
    """A gateway with the wrong certificate, and one before a service that is somebody else."""
    with Server(*gateway_arguments(files, service.port, "stranger"), program="aurora-gateway", ready=False) as gateway:
        until_said(gateway, "cannot be reached: it refused the TLS handshake")
        status, _, answer = gateway.call("GET", "/products")
        check(status in (502, 503), f"{status} {answer}")
    other = files.certificate("elsewhere", names=("DNS:elsewhere.example",))
    with Secure(files, "service", "gateway") as behind:
        for kind in (0, 1):
            pathlib.Path(behind.pair[kind]).write_bytes(pathlib.Path(other[kind]).read_bytes())
        behind.process.send_signal(signal.SIGHUP)
        until_said(behind, "new connections use the certificate")
        with Server(*gateway_arguments(files, behind.port), program="aurora-gateway", ready=False) as gateway:
            until_said(gateway, "cannot be reached: it has a certificate for another name")
            check(gateway.call("GET", "/products")[0] in (502, 503), "another name is believed")


def main():
    files = Files()
    try:
        for name in ("gateway", "tester"):
            files.certificate(name, names=(f"DNS:{name}",))
        with Secure(files, "service", "gateway") as service:
            certificates(service, files)
            words(service, files)
            operators(service, files)
            with Secure(files, "edge", "tester", *gateway_arguments(files, service.port),
                        program="aurora-gateway") as gateway:
                through(gateway, service)
                streams(gateway)
                sessions(gateway, service)
                check(gateway.stop() == 0, "the gateway does not drain")
            by_token(files, service)
            strangers(files, service)
    finally:
        files.cleanup()
    print("tls_gateway: the gateway and its service know each other")
    return 0


if __name__ == "__main__":
    sys.exit(main())
