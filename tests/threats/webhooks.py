#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""S13: webhooks that point inside, by any spelling, by a name that resolves there, by one that resolves there the second time,
or by a redirect; answers that do not end. Names resolve, and public addresses answer, as a library says that is loaded
before libc: nothing leaves this machine. integration/notify has what webhooks do when all is well, unit/notifier_message
which networks are public.

Mutation: open_socket() of src/adapters/notifier_webhook/webhook.c asks only for the first attempt: rebinding calls inside.
Mutation: is_public6() of src/adapters/notifier_webhook/public_address.c takes what NAT64 wraps for public.
Mutation: set_options() of src/adapters/sender/sender.c follows redirects (CURLOPT_FOLLOWLOCATION 1): the inside is called.
Mutation: the same without its CURLOPT_PROXY "": the environment's proxy is called.
Mutation: check_parts() of webhook.c without is_private_number(): a start with 127.0.0.1 is no error.
Mutation: judge() of webhook.c without the code: the list does not say why."""

import concurrent.futures
import http.server
import itertools
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from aurora_threats import SECRET, Client, Complaints, Server, need, order_of, sell, until  # noqa: E402

HOOK_SECRET = "a secret of receivers, long enough"
PUBLIC = "8.8.8.8"
NAME = "hook.example.org"
# Names of example.org resolve to what is in STUB_ADDRESSES: a look-up's answers with commas between, addresses of one answer
# with +, the last for ever. PUBLIC is our own receiver if STUB_REACH is set; nothing else that is not loopback is reached.
STUB = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int asked;

static void say(const char *what, const char *of)
{
    FILE *log = fopen(getenv("STUB_LOG"), "a");
    fprintf(log, "%s %s\n", what, of);
    fclose(log);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT, "getaddrinfo");
    if (node == NULL || strstr(node, "example.org") == NULL)
        return real(node, service, hints, out);
    char all[1024], *rest = all, *answer = NULL, *next;
    pthread_mutex_lock(&lock);
    snprintf(all, sizeof all, "%s", getenv("STUB_ADDRESSES"));
    for (int i = 0; i <= asked && (next = strsep(&rest, ",")) != NULL; i++)
        answer = next;
    asked++;
    say("resolve", answer);
    pthread_mutex_unlock(&lock);
    struct addrinfo **end = out, numeric = *hints;
    *out = NULL;
    numeric.ai_flags = AI_NUMERICHOST;
    numeric.ai_family = AF_UNSPEC;
    while ((next = strsep(&answer, "+")) != NULL) {
        if (real(next, service, &numeric, end) != 0)
            abort();
        while (*end != NULL)
            end = &(*end)->ai_next;
    }
    return 0;
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    int (*real)(int, const struct sockaddr *, socklen_t) =
        (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
    char text[INET6_ADDRSTRLEN] = "";
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
        return real(fd, address, len);
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text, sizeof text);
    else
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text, sizeof text);
    say("connect", text);
    if (getenv("STUB_REACH") != NULL && strcmp(text, "8.8.8.8") == 0) {
        struct sockaddr_in here = *(const struct sockaddr_in *)address;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return real(fd, (const struct sockaddr *)&here, sizeof here);
    }
    if (strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0)
        return real(fd, address, len);
    errno = ECONNREFUSED;
    return -1;
}
"""


NUMBERS = itertools.count()


class Receiver(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.got = answer, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((time.monotonic(), dict(self.headers)))
        if self.server.answer is None or not self.server.answer(self):
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_GET = do_POST

    def log_message(self, *_):
        pass


class Place:
    """An aurorad with one webhook in a world of the stub's."""

    def __init__(self, folder, stub, url, addresses="", reach=False, environment=None, arguments=()):
        self.log = pathlib.Path(folder) / f"log-{next(NUMBERS)}"
        self.log.touch()
        variables = {"LD_PRELOAD": str(stub), "STUB_LOG": str(self.log), "STUB_ADDRESSES": addresses, **(environment or {})}
        if reach:
            variables["STUB_REACH"] = "1"
        self.server = Server("--notify", url, "--notify-secret", HOOK_SECRET, "--retry-first", "50ms", *arguments,
                             secret=SECRET, environment=variables)

    def __enter__(self):
        self.server.start()
        self.client = Client(self.server.port)
        sell(self.client, "mug", 100)
        return self

    def __exit__(self, *details):
        self.client.close()
        self.server.__exit__(*details)

    def order(self):
        return self.client.must(201, "POST", "/orders", order_of(contact="ann@example.org")).json["id"]

    def listed(self):
        return self.client.must(200, "GET", "/admin/notifications").json["items"]

    def lines(self, word):
        return [line.split(" ", 1)[1] for line in self.log.read_text().splitlines() if line.startswith(word)]


def refused_then(place, found, what, orders=1):
    """No notification is sent, its row says why, and the log does. Several orders go to several threads of the sender,
    each with look-ups of its own."""
    for _ in range(orders):
        place.order()
    until(what, lambda: [item for item in place.listed() if item["detail"] == "private_address"])
    found.expect(not any(item["state"] == "SENT" for item in place.listed()), what, place.listed())
    if orders == 1:  # the log's lines are written by a thread of their own
        until(f"{what}: the log says why", lambda: "its address is private" in place.server.log_text())


def resolves_inside(folder, stub, found):
    """Every kind of inside, as the answer of a look-up: nothing is connected to."""
    inside = ("127.0.0.1", "169.254.169.254", "10.0.0.1", "0.0.0.0", "100.64.0.1", "192.168.1.1", "::1", "::ffff:127.0.0.1",
              "64:ff9b::7f00:1", "fd00::1", "fe80::1", "2002:7f00:1::1")
    receiver = Receiver()
    for group in (inside[at:at + 3] for at in range(0, len(inside), 3)):  # all of an answer's addresses are tried
        with Place(folder, stub, f"http://{NAME}:{receiver.server_port}/", "+".join(group)) as place:
            refused_then(place, found, f"resolves to {group}")
            found.expect(place.lines("resolve") and not place.lines("connect"), group, "connects", place.lines("connect"))
    found.expect(not receiver.got, "the inside was called", receiver.got)
    receiver.shutdown()


def rebinds(folder, stub, found):
    """Public at the first look-up, this machine at the next; and both at once."""
    receiver = Receiver()
    url = f"http://{NAME}:{receiver.server_port}/"
    with Place(folder, stub, url, f"{PUBLIC},127.0.0.1") as place:
        refused_then(place, found, "rebinding", 8)
        found.expect(set(place.lines("connect")) == {PUBLIC}, "rebinding connects", place.lines("connect"))
    for both in (f"127.0.0.1+{PUBLIC}", f"{PUBLIC}+127.0.0.1", f"::1+{PUBLIC}", f"{PUBLIC}+::ffff:127.0.0.1"):
        with Place(folder, stub, url, both) as place:
            refused_then(place, found, both)
            found.expect(set(place.lines("connect")) <= {PUBLIC}, both, "connects", place.lines("connect"))
    found.expect(not receiver.got, "the inside was called", receiver.got)
    # Where the public one answers it is sent, once.
    with Place(folder, stub, url, f"10.0.0.1+{PUBLIC}", reach=True) as place:
        place.order()
        until("sent", lambda: [item["state"] for item in place.listed()] == ["SENT"])
        found.expect(len(receiver.got) == 1, "sent more than once", len(receiver.got))
        found.expect(set(place.lines("connect")) == {PUBLIC}, "connects", place.lines("connect"))
    receiver.shutdown()


def redirected(folder, stub, found):
    """A public receiver that sends us inside is asked again, and the inside is not."""
    inside, statuses = Receiver(), [301, 302, 303, 307, 308]

    def redirect(handler):
        number = len(handler.server.got)
        handler.send_response(statuses[(number - 1) % len(statuses)])
        # To this machine, or to another place that may be reached: neither is for the receiver to say.
        handler.send_header("Location", f"http://{(PUBLIC, '127.0.0.1')[number % 2]}:{inside.server_port}/admin")
        handler.send_header("Content-Length", "0")
        handler.end_headers()
        return True
    receiver = Receiver(redirect)
    with Place(folder, stub, f"http://{NAME}:{receiver.server_port}/", PUBLIC, reach=True) as place:
        for _ in statuses:
            place.order()
        until("repeats", lambda: len(receiver.got) > len(statuses))
        found.expect(not any(item["state"] == "SENT" for item in place.listed()), "a redirect is taken", place.listed())
        found.expect(set(place.lines("connect")) == {PUBLIC}, "connects", place.lines("connect"))
    found.expect(not inside.got, "a redirect was followed", inside.got)
    receiver.shutdown()
    inside.shutdown()


def no_proxy(folder, stub, found):
    """Proxies of the environment are asked nothing, by any of their names."""
    proxy, receiver = Receiver(), Receiver()
    there = f"http://127.0.0.1:{proxy.server_port}"
    environment = {name: there for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")}
    with Place(folder, stub, f"http://{NAME}:{receiver.server_port}/", PUBLIC, reach=True, environment=environment) as place:
        place.order()
        until("sent", lambda: [item["state"] for item in place.listed()] == ["SENT"])
    found.expect(len(receiver.got) == 1 and not proxy.got, "the proxy was asked", len(receiver.got), proxy.got)
    proxy.shutdown()
    receiver.shutdown()


def without_end(folder, stub, found):
    """Answers that are long, or that never come to their end: each ends by itself, and orders go on."""
    def flood(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(1 << 40))
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            sent.append(time.monotonic())
        handler.close_connection = True
        return True

    def drip(handler):
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 600:
                handler.wfile.write(bytes([byte]))
                time.sleep(0.1)
        except OSError:
            sent.append(time.monotonic())
        handler.close_connection = True
        return True
    for answer, state in ((flood, "SENT"), (drip, "PENDING")):
        sent = []
        receiver = Receiver(answer)
        with Place(folder, stub, f"http://{NAME}:{receiver.server_port}/", PUBLIC, reach=True) as place:
            before = place.server.resident_kib()
            place.order()
            until(f"{state} after all", lambda: sent and place.listed()[0]["state"] in (state, "SENDING"), 20)
            found.expect(place.client.ask("GET", "/livez").status == 200, "alive")
            found.expect(place.server.resident_kib() < before + 32768, "memory", before, place.server.resident_kib())
        receiver.shutdown()


def spellings(folder, stub, found):
    """What a setting may not say: an address of the inside however it is written, another scheme, somebody's name."""
    private = ("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "017700000001", "0", "0.0.0.0",
               "127.0.0.1.", "0x7f.0x0.0x0.0x1", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
               "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::1]",
               "[fe80::1%25lo]", "[fd00::1]", "10.1.2.3", "100.64.0.1", "169.254.169.254", "2852039166", "0xa9.254.43518",
               "[2002:7f00:1::1]", "127.0.0.1:80", "%31%32%37.0.0.1")
    for host in private:
        refused_at_start(folder, stub, found, f"http://{host}/", ("private address", "must be"))
    for url, words in (("http://user@example.org/", ("no user",)), ("http://example.org@127.0.0.1/", ("no user",)),
                       ("http://a:b@127.0.0.1/", ("no user",)), ("http://127.0.0.1#@example.org/", ("fragment", "private")),
                       ("http://127.0.0.1\\@example.org/", ("no user", "must be", "private")), ("file:///etc/passwd", ("must be",)),
                       ("gopher://127.0.0.1:6379/_FLUSHALL", ("must be",)), ("ftp://example.org/", ("must be",)),
                       ("dict://example.org/", ("must be",)), ("http:///", ("must be",)), ("http://", ("must be",)),
                       ("http://exa mple.org/", ("must be",)), ("http://example.org\r\nX: y/", ("control characters",))):
        refused_at_start(folder, stub, found, url, words)
    # Names that are this machine to some resolvers: whatever they resolve to is judged when it is connected to.
    receiver = Receiver()
    for host in ("localhost", "localhost.", "LOCALHOST", "ip6-localhost", "127。0。0。1", "①②⑦.⓪.⓪.①"):
        with Place(folder, stub, f"http://{host}:{receiver.server_port}/") as place:
            place.order()
            until(host, lambda: "is not sent" in place.server.log_text())
            found.expect(not place.lines("connect"), host, "connects", place.lines("connect"))
    found.expect(not receiver.got, "a name of this machine was called", receiver.got)
    receiver.shutdown()


def refused_at_start(folder, stub, found, url, words):
    place = Place(folder, stub, url)
    try:
        place.server.start()
    except RuntimeError as error:
        found.expect(any(word in str(error) for word in words), url, "is refused with", error)
    else:
        found.expect(False, url, "is taken")
        place.server.stop()
    place.server.folder.cleanup()


def main():
    need("aurorad")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        print("skipped: no compiler for the library that answers look-ups")
        sys.exit(77)
    found = Complaints()
    with tempfile.TemporaryDirectory(prefix="aurora-webhooks-") as folder:
        source, stub = pathlib.Path(folder) / "stub.c", pathlib.Path(folder) / "stub.so"
        source.write_text(STUB)
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", stub, source, "-ldl"], check=True)
        with concurrent.futures.ThreadPoolExecutor() as pool:  # they wait for one another's timeouts no longer than needed
            for check in [pool.submit(check, folder, stub, found) for check in (
                    resolves_inside, rebinds, redirected, no_proxy, without_end, spellings)]:
                check.result()
    found.end("webhooks")


if __name__ == "__main__":
    main()
