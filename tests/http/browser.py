#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A browser's fetch and EventSource in headless Chromium, over WebDriver, from a page whose origin is listed; and that a
page of an origin that is not cannot drive or read a server without a key. Skipped (77) where chromium and chromedriver are not installed."""

import http.server
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_server import Server, free_port  # noqa: E402

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]

SHOP = """
const done = arguments[arguments.length - 1];
const [target] = arguments;
(async () => {
    const out = {};
    let answer = await fetch(target + '/products/mug');
    out.product = await answer.json();
    out.etag = answer.headers.get('etag');
    answer = await fetch(target + '/orders', {method: 'POST', headers: {'Content-Type': 'application/json', 'Idempotency-Key': 'b1'},
        body: JSON.stringify({lines: [{sku: 'mug', quantity: 1}], currency: 'EUR', payment_method: 'tok_approve'})});
    out.status = answer.status;
    out.order = await answer.json();
    out.versions = await new Promise((resolve) => {
        const seen = [], source = new EventSource(`${target}/orders/${out.order.id}/events`);
        source.addEventListener('order', (event) => {
            seen.push([Number(event.lastEventId), JSON.parse(event.data).status]);
        });
        source.onerror = () => { if (source.readyState === EventSource.CLOSED) resolve(seen); };
    });
    answer = await fetch(target + '/products/none');
    out.problem = await answer.json();
    return out;
})().then(done, (error) => done({error: String(error)}));
"""

ATTACK = """
const done = arguments[arguments.length - 1];
const [target] = arguments;
(async () => {
    const order = JSON.stringify({lines: [{sku: 'mug', quantity: 1}], currency: 'EUR', payment_method: 'tok_approve'});
    const tries = {
        simple: {method: 'POST', mode: 'no-cors', headers: {'Content-Type': 'text/plain'}, body: order},
        bare: {method: 'POST', mode: 'no-cors', body: new Blob([order])},
        form: {method: 'POST', mode: 'no-cors', body: new URLSearchParams({lines: order})},
        json: {method: 'POST', headers: {'Content-Type': 'application/json'}, body: order},
        remove: {method: 'DELETE'},
        read: {},
    };
    const out = {};
    for (const [name, options] of Object.entries(tries)) {
        const path = name === 'remove' || name === 'read' ? '/products/mug' : '/orders';
        out[name] = await fetch(target + path, options).then((answer) => answer.type + answer.status, () => 'refused');
    }
    return out;
})().then(done, (error) => done({error: String(error)}));
"""


class Driver:
    def __init__(self, folder):
        self.port = free_port()
        self.process = subprocess.Popen(["chromedriver", f"--port={self.port}", "--allowed-ips=127.0.0.1"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                if self.call("GET", "/status")["ready"]:
                    break
            except OSError:
                time.sleep(0.05)
        options = {"args": FLAGS + [f"--user-data-dir={folder}"]}
        self.session = "/session/" + self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options}}})["sessionId"]
        self.call("POST", self.session + "/timeouts", {"script": 30000, "pageLoad": 30000})

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method,
                                         data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())["value"]

    def run(self, url, script, *arguments):
        self.call("POST", self.session + "/url", {"url": url})
        return self.call("POST", self.session + "/execute/async", {"script": script, "args": list(arguments)})

    def close(self):
        try:
            self.call("DELETE", self.session)
        finally:
            self.process.terminate()
            self.process.wait(20)


class Quiet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>another site</title>")

    def log_message(self, *_):
        pass


def check(condition, what):
    if not condition:
        raise SystemExit(f"browser: {what}")


def main():
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        print("skipped: chromium and chromedriver are not installed")
        return 77
    sites = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) for _ in range(2)]
    for site in sites:
        threading.Thread(target=site.serve_forever, daemon=True).start()
    listed, other = (f"http://127.0.0.1:{site.server_port}" for site in sites)
    with (tempfile.TemporaryDirectory(prefix="aurora-browser-", ignore_cleanup_errors=True) as folder,
          Server("--cors-origins", listed) as server):
        server.call("PUT", "/products/mug", {"name": "Mug", "price_minor": 1250, "currency": "EUR"})
        server.call("POST", "/inventory/mug/receipts", {"quantity": 10})
        driver = Driver(folder)
        try:
            base = f"http://127.0.0.1:{server.port}"
            out = driver.run(listed, SHOP, base)
            check("error" not in out, out)
            check(out["product"]["price_minor"] == 1250 and out["etag"], out)
            check(out["status"] == 201 and out["order"]["status"] == "COMPLETED", out)
            check(out["versions"] and out["versions"][-1][1] == "COMPLETED", out)
            check(len(out["versions"]) == len({version for version, _ in out["versions"]}), out)
            check(out["problem"]["code"] == "not_found", out)
            sold = server.call("GET", "/inventory/mug")[2]["sold"]
            out = driver.run(other, ATTACK, base)
            check(out["json"] == out["remove"] == out["read"] == "refused", out)
            check(server.call("GET", "/inventory/mug")[2]["sold"] == sold == 1, f"another origin bought: {out}")
            check(server.call("GET", "/products/mug")[0] == 200, f"another origin deleted: {out}")
            print(f"browser: fetch and EventSource work, another origin gets {out}")
        finally:
            driver.close()
            for site in sites:
                site.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
